-- What the library's recorders keep besides events: snapshots, and how far trackers have come. Both can be made
-- again from the events, so stage_app owns their rows.

CREATE TABLE event_store.snapshots (
    originator_id      uuid   NOT NULL,
    originator_version bigint NOT NULL,
    topic              text   NOT NULL,
    state              bytea  NOT NULL,
    PRIMARY KEY (originator_id, originator_version, topic)
);
-- Our own are sealed, and nothing sealed becomes smaller by compressing it.
ALTER TABLE event_store.snapshots ALTER COLUMN state SET STORAGE EXTERNAL;

COMMENT ON TABLE event_store.snapshots IS 'Aggregates as they were at a version, so that long streams are not read from their beginning';
COMMENT ON COLUMN event_store.snapshots.topic IS 'Whose shape the state has; a shape of yesterday''s is never looked at again';
COMMENT ON COLUMN event_store.snapshots.state IS 'Ours sealed with the owner''s key; an application of the library''s as that one maps it';

CREATE TABLE event_store.tracking (
    application_name text   PRIMARY KEY,
    notification_id  bigint NOT NULL
);

COMMENT ON TABLE event_store.tracking IS 'The last notification of each upstream that a process application of the library''s has processed';

GRANT SELECT, INSERT, UPDATE, DELETE ON event_store.snapshots, event_store.tracking TO stage_app;
