-- What the program keeps beside the log: secrets and references that must not be in it, or that come and go.

CREATE SCHEMA stage;
GRANT USAGE ON SCHEMA stage TO stage_app;

-- Data keys, wrapped by MASTER_KEY. Destroying one forgets everything sealed with it, wherever it lies.
CREATE TABLE stage.data_keys (
    key_id       uuid        PRIMARY KEY,
    wrapped      bytea,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE stage.data_keys IS 'One key a person; key_id is the user''s id';

CREATE TABLE stage.credentials (
    user_id       uuid PRIMARY KEY,
    claim_id      uuid NOT NULL UNIQUE,
    password_hash text NOT NULL
);
COMMENT ON TABLE stage.credentials IS 'Password hashes (Argon2id), found by the claim on the address';

CREATE TABLE stage.sessions (
    session_id   uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL,
    token_hash   bytea       NOT NULL UNIQUE,
    device       text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz
);
CREATE INDEX sessions_user ON stage.sessions (user_id);
COMMENT ON COLUMN stage.sessions.token_hash IS 'SHA-256 of the opaque token';
COMMENT ON COLUMN stage.sessions.device IS 'Sealed: what the client called itself';

CREATE TABLE stage.tokens (
    token_hash bytea       PRIMARY KEY,
    purpose    text        NOT NULL,
    user_id    uuid        NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX tokens_user ON stage.tokens (user_id, purpose);
COMMENT ON TABLE stage.tokens IS 'Single-use mailed tokens, by SHA-256 and purpose; gone once used';

CREATE TABLE stage.uploads (
    upload_id  uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    sha256     text        NOT NULL,
    media_type text        NOT NULL,
    width      integer     NOT NULL,
    height     integer     NOT NULL,
    size       bigint      NOT NULL,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    job_id     uuid
);
CREATE INDEX uploads_user ON stage.uploads (user_id, created_at);
COMMENT ON COLUMN stage.uploads.sha256 IS 'Of the original in the object store, in hexadecimal';
COMMENT ON COLUMN stage.uploads.name IS 'Sealed: the file''s name as sent';

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA stage TO stage_app;
