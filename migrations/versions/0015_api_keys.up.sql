-- Keys with which a user's programs act for them, each within its scopes. A row that is gone was revoked.

CREATE TABLE stage.api_keys (
    key_id       uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL,
    key_hash     bytea       NOT NULL UNIQUE,
    name         text        NOT NULL,
    prefix       text        NOT NULL,
    scopes       text[]      NOT NULL CHECK (scopes <> '{}'),
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_used_at timestamptz,
    expires_at   timestamptz
);
CREATE INDEX api_keys_user ON stage.api_keys (user_id, created_at);
COMMENT ON TABLE stage.api_keys IS 'Keys with which users'' programs act for them';
COMMENT ON COLUMN stage.api_keys.key_hash IS 'SHA-256 of the key, which nobody keeps';
COMMENT ON COLUMN stage.api_keys.name IS 'Sealed: what its user calls it';
COMMENT ON COLUMN stage.api_keys.prefix IS 'How it begins, for its user to recognise it';
COMMENT ON COLUMN stage.api_keys.scopes IS 'What it may do';
COMMENT ON COLUMN stage.api_keys.last_used_at IS 'To the minute';
COMMENT ON COLUMN stage.api_keys.expires_at IS 'Null: when it is revoked';

GRANT SELECT, INSERT, UPDATE, DELETE ON stage.api_keys TO stage_app;
