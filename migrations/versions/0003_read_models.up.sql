-- Read models: tables folded from the log, each with the version of its fold in its name, so that a release
-- builds its own beside those of the release before it. Everything here can be thrown away and folded again.
--
-- stage_app owns them, because a rebuild fills a table of the same name in `shadow` and swaps the two; it
-- can do so to read models only. Texts called sealed are opened by queries, with the key of the row's user.

CREATE TABLE stage.checkpoints (
    follower   text        PRIMARY KEY,
    position   bigint      NOT NULL CHECK (position >= 0),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE stage.checkpoints IS 'How far each follower of the log has come; moved in the transaction that keeps what it did';
COMMENT ON COLUMN stage.checkpoints.follower IS 'A read model with its version (jobs_v1), or whatever else follows the log';
COMMENT ON COLUMN stage.checkpoints.position IS 'Everything at or below this position of the log is done';
GRANT SELECT, INSERT, UPDATE, DELETE ON stage.checkpoints TO stage_app;

CREATE SCHEMA read_models AUTHORIZATION stage_app;
CREATE SCHEMA shadow AUTHORIZATION stage_app;
COMMENT ON SCHEMA read_models IS 'What queries read, folded from the log';
COMMENT ON SCHEMA shadow IS 'Read models while they are rebuilt';

SET LOCAL ROLE stage_app;

CREATE TABLE read_models.users_v1 (
    user_id        uuid        PRIMARY KEY,
    email          text        NOT NULL,
    name           text        NOT NULL,
    email_verified boolean     NOT NULL,
    status         text        NOT NULL,
    roles          text[]      NOT NULL,
    time_zone      text        NOT NULL,
    registered_at  timestamptz NOT NULL,
    version        bigint      NOT NULL
);
COMMENT ON TABLE read_models.users_v1 IS 'Accounts';
COMMENT ON COLUMN read_models.users_v1.email IS 'Sealed: the address as typed';
COMMENT ON COLUMN read_models.users_v1.name IS 'Sealed';
COMMENT ON COLUMN read_models.users_v1.email_verified IS 'Whether the address was shown to be theirs';
COMMENT ON COLUMN read_models.users_v1.status IS 'active, suspended or erased';
COMMENT ON COLUMN read_models.users_v1.roles IS 'In alphabetical order';
COMMENT ON COLUMN read_models.users_v1.time_zone IS 'IANA name';
COMMENT ON COLUMN read_models.users_v1.version IS 'Version of the user''s stream: the ETag';

CREATE TABLE read_models.jobs_v1 (
    job_id        uuid        PRIMARY KEY,
    user_id       uuid        NOT NULL,
    status        text        NOT NULL,
    preset        text        NOT NULL,
    room_type     text,
    style         text,
    prompt        text,
    group_name    text,
    parent_job_id uuid,
    photos        integer     NOT NULL,
    staged        integer     NOT NULL,
    refused       integer     NOT NULL,
    failed        integer     NOT NULL,
    cancelled     integer     NOT NULL,
    submitted_at  timestamptz NOT NULL,
    ended_at      timestamptz,
    deleted_at    timestamptz,
    version       bigint      NOT NULL,
    position      bigint      NOT NULL
);
CREATE INDEX jobs_v1_user ON read_models.jobs_v1 (user_id, position);
COMMENT ON TABLE read_models.jobs_v1 IS 'Photo jobs, deleted ones too: what they cost stays countable';
COMMENT ON COLUMN read_models.jobs_v1.status IS 'pending, processing, completed, failed or cancelled';
COMMENT ON COLUMN read_models.jobs_v1.prompt IS 'Sealed';
COMMENT ON COLUMN read_models.jobs_v1.group_name IS 'Sealed';
COMMENT ON COLUMN read_models.jobs_v1.parent_job_id IS 'The job of which this one is a retry or a variation';
COMMENT ON COLUMN read_models.jobs_v1.photos IS 'How many photos were submitted';
COMMENT ON COLUMN read_models.jobs_v1.staged IS 'How many were delivered: what the job costs, in credits';
COMMENT ON COLUMN read_models.jobs_v1.deleted_at IS 'Set once its user deleted it; such a job is shown to nobody';
COMMENT ON COLUMN read_models.jobs_v1.version IS 'Version of the job''s stream: the ETag';
COMMENT ON COLUMN read_models.jobs_v1.position IS 'Where in the log it was submitted: the order of lists, and their cursor';

CREATE TABLE read_models.photos_v1 (
    photo_id            uuid    PRIMARY KEY,
    job_id              uuid    NOT NULL,
    user_id             uuid    NOT NULL,
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
    resolved_at         timestamptz
);
CREATE INDEX photos_v1_job ON read_models.photos_v1 (job_id, number);
COMMENT ON TABLE read_models.photos_v1 IS 'Photos of jobs, and what became of each';
COMMENT ON COLUMN read_models.photos_v1.number IS 'Place in its job, from 1';
COMMENT ON COLUMN read_models.photos_v1.name IS 'Sealed: the file''s name as sent';
COMMENT ON COLUMN read_models.photos_v1.original IS 'SHA-256 in hexadecimal, its name in the object store';
COMMENT ON COLUMN read_models.photos_v1.status IS 'pending, staged, refused, failed or cancelled';
COMMENT ON COLUMN read_models.photos_v1.code IS 'Why it was refused or failed';
COMMENT ON COLUMN read_models.photos_v1.result IS 'SHA-256 in hexadecimal, its name in the object store';
COMMENT ON COLUMN read_models.photos_v1.engine IS 'What staged it';
COMMENT ON COLUMN read_models.photos_v1.milliseconds IS 'How long staging took';

CREATE TABLE read_models.credit_lots_v1 (
    lot_id     uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    source     text        NOT NULL,
    credits    integer     NOT NULL,
    available  integer     NOT NULL,
    held       integer     NOT NULL,
    spent      integer     NOT NULL,
    expired    integer     NOT NULL,
    expires_at timestamptz,
    granted_at timestamptz NOT NULL,
    reference  text        NOT NULL
);
CREATE INDEX credit_lots_v1_user ON read_models.credit_lots_v1 (user_id);
COMMENT ON TABLE read_models.credit_lots_v1 IS 'Grants of credits, and where each credit is now: credits = available + held + spent + expired';
COMMENT ON COLUMN read_models.credit_lots_v1.source IS 'trial, promo, adjustment or purchase';
COMMENT ON COLUMN read_models.credit_lots_v1.available IS 'Cannot be used past expires_at, even while not yet counted in expired';
COMMENT ON COLUMN read_models.credit_lots_v1.held IS 'Set aside for jobs that have not ended';
COMMENT ON COLUMN read_models.credit_lots_v1.expires_at IS 'Null: never';
COMMENT ON COLUMN read_models.credit_lots_v1.reference IS 'What it was granted for';

CREATE TABLE read_models.statement_v1 (
    user_id     uuid        NOT NULL,
    version     bigint      NOT NULL,
    kind        text        NOT NULL,
    change      integer     NOT NULL,
    available   integer     NOT NULL,
    held        integer     NOT NULL,
    lot_id      uuid,
    source      text,
    job_id      uuid,
    delivered   integer     NOT NULL,
    returned    integer     NOT NULL,
    recorded_at timestamptz NOT NULL,
    position    bigint      NOT NULL,
    PRIMARY KEY (user_id, version)
);
COMMENT ON TABLE read_models.statement_v1 IS 'Every movement on every credit ledger, with the balance after it';
COMMENT ON COLUMN read_models.statement_v1.version IS 'Version of the ledger''s stream: the order of the movements';
COMMENT ON COLUMN read_models.statement_v1.kind IS 'opened, granted, held, settled or expired';
COMMENT ON COLUMN read_models.statement_v1.change IS 'By how much the available credits changed';
COMMENT ON COLUMN read_models.statement_v1.available IS 'Credits in all lots after it that are neither held, spent nor recorded as expired';
COMMENT ON COLUMN read_models.statement_v1.held IS 'Credits set aside for jobs after it';
COMMENT ON COLUMN read_models.statement_v1.lot_id IS 'The lot that was granted or has expired';
COMMENT ON COLUMN read_models.statement_v1.source IS 'Where a granted lot came from';
COMMENT ON COLUMN read_models.statement_v1.job_id IS 'The job whose credits were held or settled';
COMMENT ON COLUMN read_models.statement_v1.delivered IS 'Credits that a settled job spent';
COMMENT ON COLUMN read_models.statement_v1.returned IS 'Credits that a settled job gave back';
COMMENT ON COLUMN read_models.statement_v1.position IS 'Place in the log';

RESET ROLE;
