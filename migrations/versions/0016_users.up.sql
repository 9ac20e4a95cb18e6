-- Users get a new version that knows their order; the one before stays for the release that reads it.

SET LOCAL ROLE stage_app;

CREATE TABLE read_models.users_v2 (
    user_id        uuid        PRIMARY KEY,
    email          text        NOT NULL,
    name           text        NOT NULL,
    email_verified boolean     NOT NULL,
    status         text        NOT NULL,
    roles          text[]      NOT NULL,
    time_zone      text        NOT NULL,
    registered_at  timestamptz NOT NULL,
    version        bigint      NOT NULL,
    position       bigint      NOT NULL
);
CREATE INDEX users_v2_position ON read_models.users_v2 (position);
CREATE INDEX users_v2_status ON read_models.users_v2 (status, position) WHERE status <> 'active';
CREATE INDEX users_v2_appointed ON read_models.users_v2 (position) WHERE roles <> '{user}';
COMMENT ON TABLE read_models.users_v2 IS 'Accounts';
COMMENT ON COLUMN read_models.users_v2.email IS 'Sealed: the address as typed';
COMMENT ON COLUMN read_models.users_v2.name IS 'Sealed';
COMMENT ON COLUMN read_models.users_v2.email_verified IS 'Whether the address was shown to be theirs';
COMMENT ON COLUMN read_models.users_v2.status IS 'active, suspended or erased';
COMMENT ON COLUMN read_models.users_v2.roles IS 'In alphabetical order';
COMMENT ON COLUMN read_models.users_v2.time_zone IS 'IANA name';
COMMENT ON COLUMN read_models.users_v2.version IS 'Version of the user''s stream: the ETag';
COMMENT ON COLUMN read_models.users_v2.position IS 'Where in the log they registered: the order of lists, and their cursor';

RESET ROLE;
