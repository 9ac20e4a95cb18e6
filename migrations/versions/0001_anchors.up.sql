-- Anchors: what the log was at a moment, signed with a key that is not in this database, each one chained to the
-- one before it. They are exported, leaf by leaf, so that whoever rewrites this database is found out.

CREATE TABLE event_store.anchors (
    number    bigint      PRIMARY KEY,
    position  bigint      NOT NULL,
    events    bigint      NOT NULL,
    root      bytea       NOT NULL,
    made_at   timestamptz NOT NULL,
    hash      bytea       NOT NULL,
    signature bytea       NOT NULL
);

COMMENT ON TABLE event_store.anchors IS 'What the log was at a moment; docs/verifying.md tells how each field is made';
COMMENT ON COLUMN event_store.anchors.number IS 'From 1, without gaps';
COMMENT ON COLUMN event_store.anchors.position IS 'The last position that it covers; the first follows the anchor before it';
COMMENT ON COLUMN event_store.anchors.events IS 'How many events there are at or below its position';
COMMENT ON COLUMN event_store.anchors.root IS 'SHA-256 of position and hash of each event that it covers';
COMMENT ON COLUMN event_store.anchors.hash IS 'SHA-256 of the hash of the anchor before it, and of the fields above';
COMMENT ON COLUMN event_store.anchors.signature IS 'Ed25519, of the hash';

CREATE TRIGGER anchors_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store.anchors
    FOR EACH STATEMENT EXECUTE FUNCTION event_store.refuse_change();

GRANT SELECT, INSERT ON event_store.anchors TO stage_app;
