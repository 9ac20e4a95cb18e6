-- Pictures go when nobody needs them any more. jobs and photos get new versions that know which are gone; the
-- versions before stay for the release that reads them, and a later revision drops them.

SET LOCAL ROLE stage_app;

CREATE TABLE read_models.jobs_v2 (
    job_id               uuid        PRIMARY KEY,
    user_id              uuid        NOT NULL,
    status               text        NOT NULL,
    preset               text        NOT NULL,
    room_type            text,
    style                text,
    prompt               text,
    group_name           text,
    parent_job_id        uuid,
    photos               integer     NOT NULL,
    staged               integer     NOT NULL,
    refused              integer     NOT NULL,
    failed               integer     NOT NULL,
    cancelled            integer     NOT NULL,
    submitted_at         timestamptz NOT NULL,
    ended_at             timestamptz,
    deleted_at           timestamptz,
    originals_removed_at timestamptz,
    results_removed_at   timestamptz,
    version              bigint      NOT NULL,
    position             bigint      NOT NULL
);
CREATE INDEX jobs_v2_user ON read_models.jobs_v2 (user_id, position);
CREATE INDEX jobs_v2_originals ON read_models.jobs_v2 (ended_at) WHERE originals_removed_at IS NULL;
CREATE INDEX jobs_v2_results ON read_models.jobs_v2 (ended_at) WHERE results_removed_at IS NULL;
COMMENT ON TABLE read_models.jobs_v2 IS 'Photo jobs, deleted ones too: what they cost stays countable';
COMMENT ON COLUMN read_models.jobs_v2.status IS 'pending, processing, completed, failed or cancelled';
COMMENT ON COLUMN read_models.jobs_v2.prompt IS 'Sealed';
COMMENT ON COLUMN read_models.jobs_v2.group_name IS 'Sealed';
COMMENT ON COLUMN read_models.jobs_v2.parent_job_id IS 'The job of which this one is a retry or a variation';
COMMENT ON COLUMN read_models.jobs_v2.photos IS 'How many photos were submitted';
COMMENT ON COLUMN read_models.jobs_v2.staged IS 'How many were delivered: what the job costs, in credits';
COMMENT ON COLUMN read_models.jobs_v2.deleted_at IS 'Set once its user deleted it; such a job is shown to nobody';
COMMENT ON COLUMN read_models.jobs_v2.originals_removed_at IS 'From then on its originals can neither be shown nor used';
COMMENT ON COLUMN read_models.jobs_v2.results_removed_at IS 'From then on its results cannot be shown';
COMMENT ON COLUMN read_models.jobs_v2.version IS 'Version of the job''s stream: the ETag';
COMMENT ON COLUMN read_models.jobs_v2.position IS 'Where in the log it was submitted: the order of lists, and their cursor';

CREATE TABLE read_models.photos_v2 (
    photo_id            uuid    PRIMARY KEY,
    job_id              uuid    NOT NULL,
    user_id             uuid    NOT NULL,
    upload_id           uuid    NOT NULL,
    number              integer NOT NULL,
    name                text    NOT NULL,
    original            text    NOT NULL,
    original_media_type text    NOT NULL,
    status              text    NOT NULL,
    code                text,
    result              text,
    result_media_type   text,
    engine              text,
    engine_version      text,
    milliseconds        integer,
    resolved_at         timestamptz,
    original_removed_at timestamptz,
    result_removed_at   timestamptz
);
CREATE INDEX photos_v2_job ON read_models.photos_v2 (job_id, number);
CREATE INDEX photos_v2_original ON read_models.photos_v2 (user_id, original) WHERE original_removed_at IS NULL;
COMMENT ON TABLE read_models.photos_v2 IS 'Photos of jobs, and what became of each';
COMMENT ON COLUMN read_models.photos_v2.upload_id IS 'The upload it came from; a later job on the same photo names it again';
COMMENT ON COLUMN read_models.photos_v2.number IS 'Place in its job, from 1';
COMMENT ON COLUMN read_models.photos_v2.name IS 'Sealed: the file''s name as sent';
COMMENT ON COLUMN read_models.photos_v2.original IS 'SHA-256 in hexadecimal, its name in the object store';
COMMENT ON COLUMN read_models.photos_v2.status IS 'pending, staged, refused, failed or cancelled';
COMMENT ON COLUMN read_models.photos_v2.code IS 'Why it was refused or failed';
COMMENT ON COLUMN read_models.photos_v2.result IS 'SHA-256 in hexadecimal, its name in the object store';
COMMENT ON COLUMN read_models.photos_v2.engine IS 'What staged it';
COMMENT ON COLUMN read_models.photos_v2.milliseconds IS 'How long staging took';
COMMENT ON COLUMN read_models.photos_v2.original_removed_at IS 'From then on its original can neither be shown nor used';
COMMENT ON COLUMN read_models.photos_v2.result_removed_at IS 'From then on its result cannot be shown; also set when it has none';

RESET ROLE;

CREATE INDEX uploads_picture ON stage.uploads (user_id, sha256);
CREATE INDEX uploads_unused ON stage.uploads (expires_at) WHERE job_id IS NULL;

ALTER TABLE stage.reactions ALTER COLUMN cause_position DROP NOT NULL;
COMMENT ON TABLE stage.reactions IS 'What must happen because of an event, or because it is time; holds references only, never personal data';
COMMENT ON COLUMN stage.reactions.id IS 'Follows from the event''s stream and version, the kind and the item, or from a schedule and its time; so it exists once';
COMMENT ON COLUMN stage.reactions.cause_position IS 'Position of the event it follows from; null when a schedule asked for it';
COMMENT ON COLUMN stage.reactions.correlation IS 'Of that event, or the schedule with its time';
