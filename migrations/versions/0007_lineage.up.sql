-- Photos get a new version that knows lineages; the one before stays for the release that reads it.

SET LOCAL ROLE stage_app;

CREATE TABLE read_models.photos_v3 (
    photo_id            uuid    PRIMARY KEY,
    job_id              uuid    NOT NULL,
    user_id             uuid    NOT NULL,
    upload_id           uuid    NOT NULL,
    number              integer NOT NULL,
    name                text    NOT NULL,
    original            text    NOT NULL,
    original_media_type text    NOT NULL,
    root_photo_id       uuid    NOT NULL,
    status              text    NOT NULL,
    code                text,
    result              text,
    result_media_type   text,
    engine              text,
    engine_version      text,
    milliseconds        integer,
    resolved_at         timestamptz,
    original_removed_at timestamptz,
    result_removed_at   timestamptz,
    favourite           boolean NOT NULL
);
CREATE INDEX photos_v3_root ON read_models.photos_v3 (root_photo_id);
CREATE INDEX photos_v3_job ON read_models.photos_v3 (job_id, number);
CREATE INDEX photos_v3_original ON read_models.photos_v3 (user_id, original) WHERE original_removed_at IS NULL;
COMMENT ON TABLE read_models.photos_v3 IS 'Photos of jobs, and what became of each';
COMMENT ON COLUMN read_models.photos_v3.upload_id IS 'The upload it came from; a later job on the same photo names it again';
COMMENT ON COLUMN read_models.photos_v3.number IS 'Place in its job, from 1';
COMMENT ON COLUMN read_models.photos_v3.name IS 'Sealed: the file''s name as sent';
COMMENT ON COLUMN read_models.photos_v3.original IS 'SHA-256 in hexadecimal, its name in the object store; empty until it was fetched from its link';
COMMENT ON COLUMN read_models.photos_v3.root_photo_id IS 'The photo of which it is a variation or another try; its own id when it is the first';
COMMENT ON COLUMN read_models.photos_v3.status IS 'pending, staged, refused, failed or cancelled';
COMMENT ON COLUMN read_models.photos_v3.code IS 'Why it was refused or failed';
COMMENT ON COLUMN read_models.photos_v3.result IS 'SHA-256 in hexadecimal, its name in the object store';
COMMENT ON COLUMN read_models.photos_v3.engine IS 'What staged it';
COMMENT ON COLUMN read_models.photos_v3.milliseconds IS 'How long staging took';
COMMENT ON COLUMN read_models.photos_v3.original_removed_at IS 'From then on its original can neither be shown nor used';
COMMENT ON COLUMN read_models.photos_v3.result_removed_at IS 'From then on its result cannot be shown; also set when it has none';
COMMENT ON COLUMN read_models.photos_v3.favourite IS 'Whether its user likes it best of its lineage';

RESET ROLE;
