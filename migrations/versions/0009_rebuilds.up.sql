-- Rebuilds: a read model is folded anew into a table of the same name in `shadow`, and takes the old one's
-- place. What a rebuild has done so far is here, so that it goes on where it was when it is begun again.
--
-- wanted ──▶ filling ──▶ indexing ──▶ following ──▶ joined ──▶ (gone: the tables were swapped)
--               by part        CONCURRENTLY   up to the     the follower
--                                             follower      writes both

CREATE SCHEMA retired AUTHORIZATION stage_app;
COMMENT ON SCHEMA retired IS 'Read models that a rebuild has replaced, for the moment until they are dropped';

CREATE TABLE stage.rebuilds (
    read_model  text        PRIMARY KEY,
    step        text        NOT NULL CHECK (step IN ('wanted', 'filling', 'indexing', 'following', 'joined')),
    fold        bytea       NOT NULL,
    position    bigint      NOT NULL CHECK (position >= 0),
    events      bigint      NOT NULL CHECK (events >= 0),
    differences bigint,
    error       text,
    unattended  boolean     NOT NULL DEFAULT false,
    accept      boolean     NOT NULL DEFAULT false,
    began_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE stage.rebuilds IS 'Read models that are being rebuilt in the schema shadow';
COMMENT ON COLUMN stage.rebuilds.step IS 'What it has come to; wanted: somebody asked for it, and a following process will do it';
COMMENT ON COLUMN stage.rebuilds.unattended IS 'A following process does it, and goes on with it; else whoever began it';
COMMENT ON COLUMN stage.rebuilds.accept IS 'Swap even if the tables differ';
COMMENT ON COLUMN stage.rebuilds.fold IS 'Hash of the projection''s code: rows of another fold are never mixed in';
COMMENT ON COLUMN stage.rebuilds.position IS 'Everything at or below is in the shadow table, once its parts are filled; once joined, its follower''s checkpoint tells instead';
COMMENT ON COLUMN stage.rebuilds.events IS 'How many events its parts have to fold';
COMMENT ON COLUMN stage.rebuilds.differences IS 'Rows that differed when the two tables were compared last; null before';
COMMENT ON COLUMN stage.rebuilds.error IS 'Why the follower could not write the shadow table any more; such a rebuild begins anew';

CREATE TABLE stage.rebuild_parts (
    read_model text    NOT NULL REFERENCES stage.rebuilds ON DELETE CASCADE,
    part       integer NOT NULL,
    next       uuid    NOT NULL,
    last       uuid    NOT NULL,
    done       boolean NOT NULL DEFAULT false,
    events     bigint  NOT NULL DEFAULT 0,
    PRIMARY KEY (read_model, part)
);
COMMENT ON TABLE stage.rebuild_parts IS 'The streams that a rebuild folds, in parts that are folded side by side';
COMMENT ON COLUMN stage.rebuild_parts.next IS 'Streams of this part before this one are in the shadow table';
COMMENT ON COLUMN stage.rebuild_parts.last IS 'The last stream id that belongs to this part';
COMMENT ON COLUMN stage.rebuild_parts.events IS 'How many of its events are folded';

CREATE TABLE stage.parked_events (
    read_model text        NOT NULL,
    place      text        NOT NULL CHECK (place IN ('read_models', 'shadow')),
    position   bigint      NOT NULL,
    stream_id  uuid        NOT NULL,
    name       text        NOT NULL,
    keys       text[]      NOT NULL CHECK (keys <> '{}'),
    error      text,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (read_model, place, position)
);
COMMENT ON TABLE stage.parked_events IS 'Events that a read model could not digest, and all later ones of the same rows; a retry folds them in order';
COMMENT ON COLUMN stage.parked_events.place IS 'The schema of the table that lacks it';
COMMENT ON COLUMN stage.parked_events.keys IS 'The rows it touches, or its stream where that cannot be told: what else touches them is parked, too';
COMMENT ON COLUMN stage.parked_events.error IS 'Class of the error and where it arose, without its text; null for what only waits for an earlier event';

GRANT SELECT, INSERT, UPDATE, DELETE ON stage.rebuilds, stage.rebuild_parts, stage.parked_events TO stage_app;

-- A dead reaction that nobody will retry is dropped, with a reason; it stays as a row.
ALTER TABLE stage.reactions
    DROP CONSTRAINT reactions_state_check,
    ADD CONSTRAINT reactions_state_check CHECK (state IN ('due', 'running', 'done', 'dead', 'dropped')),
    ADD COLUMN dropped_by text,
    ADD COLUMN dropped_because text,
    ADD CONSTRAINT reactions_dropped CHECK
        ((state = 'dropped') = (dropped_by IS NOT NULL) AND (state = 'dropped') = (dropped_because IS NOT NULL));
COMMENT ON COLUMN stage.reactions.state IS 'due (now or later), running, done, dead (given up), or dropped: given up for good';
COMMENT ON COLUMN stage.reactions.dropped_by IS 'Who decided that it will not be retried';
COMMENT ON COLUMN stage.reactions.dropped_because IS 'Why';
