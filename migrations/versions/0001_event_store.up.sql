-- The event store: one append-only table, one function that appends to it, and nobody who can change it.
--
-- stage_owner, who runs migrations, owns it. stage_app, as whom the program runs, may read it and execute
-- append_events; it can neither insert nor change a row by any other way. migrations/roles.sql makes both.

CREATE SCHEMA event_store;
GRANT USAGE ON SCHEMA event_store TO stage_app;

-- CACHE 1 is not a default left standing: with a larger cache, sessions draw positions out of order
-- and followers would skip events.
CREATE SEQUENCE event_store.events_position_seq AS bigint CACHE 1;

CREATE TABLE event_store.events (
    position           bigint      PRIMARY KEY DEFAULT nextval('event_store.events_position_seq'),
    originator_id      uuid        NOT NULL,
    originator_version bigint      NOT NULL,
    topic              text        NOT NULL,
    state              bytea       NOT NULL,
    metadata           bytea       NOT NULL,
    owner              uuid,
    recorded_at        timestamptz NOT NULL,
    hash               bytea       NOT NULL CHECK (octet_length(hash) = 32),
    CONSTRAINT events_stream UNIQUE (originator_id, originator_version)
);
ALTER SEQUENCE event_store.events_position_seq OWNED BY event_store.events.position;
-- Events are small, already sealed where they are personal, and read back whole.
ALTER TABLE event_store.events ALTER COLUMN state SET STORAGE EXTERNAL, ALTER COLUMN metadata SET STORAGE MAIN;

CREATE INDEX events_owner ON event_store.events (owner, position) WHERE owner IS NOT NULL;

COMMENT ON TABLE event_store.events IS 'Everything that ever happened, in the order it was appended';
COMMENT ON COLUMN event_store.events.position IS 'Place in the whole log, from 1; a rolled back append leaves a gap';
COMMENT ON COLUMN event_store.events.originator_id IS 'The stream: the aggregate''s id';
COMMENT ON COLUMN event_store.events.originator_version IS 'Place in the stream, without gaps';
COMMENT ON COLUMN event_store.events.topic IS 'Name of the event: Aggregate.Event';
COMMENT ON COLUMN event_store.events.state IS 'Fields of the event as JSON, personal ones sealed; exactly the bytes that were hashed';
COMMENT ON COLUMN event_store.events.metadata IS 'Actor, cause and correlation as JSON';
COMMENT ON COLUMN event_store.events.owner IS 'The user whose event it is';
COMMENT ON COLUMN event_store.events.recorded_at IS 'The database''s clock, never earlier than the stream''s event before';
COMMENT ON COLUMN event_store.events.hash IS 'See event_store.event_hash';

-- The hash that chains an event to the one before it in its stream. Every field is preceded by its length
-- in bytes as a 4-byte big-endian integer (-1 stands for null), so that no two different events have the
-- same input. Integers are 8 bytes big-endian, times are microseconds since 1970 UTC. The first event of a
-- stream follows 32 zero bytes.
CREATE FUNCTION event_store.event_hash(
    previous bytea, "position" bigint, originator_id uuid, originator_version bigint, topic text,
    state bytea, metadata bytea, owner uuid, recorded_at timestamptz
) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(
    previous
    || '\x00000008'::bytea || int8send("position")
    || '\x00000010'::bytea || uuid_send(originator_id)
    || '\x00000008'::bytea || int8send(originator_version)
    || int4send(octet_length(topic)) || convert_to(topic, 'UTF8')
    || int4send(octet_length(state)) || state
    || int4send(octet_length(metadata)) || metadata
    || coalesce('\x00000010'::bytea || uuid_send(owner), '\xffffffff'::bytea)
    || '\x00000008'::bytea || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint)
);

-- Appends events, all or none, and returns their positions in the order given. The events of one stream
-- must continue it without a gap (a new stream begins at 0 or 1), else unique_violation is raised, as it is
-- when somebody else appended the same version first.
CREATE FUNCTION event_store.append_events(
    originator_ids uuid[], originator_versions bigint[], topics text[],
    states bytea[], metadatas bytea[], owners uuid[]
) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    positions      bigint[] := '{}';
    last_version   bigint;
    last_hash      bytea;
    last_time      timestamptz;
    new_position   bigint;
    new_time       timestamptz;
BEGIN
    -- The transaction's id is taken before any position is drawn: a reader that sees a position drawn can
    -- then wait for every transaction that could still commit at or below it.
    PERFORM pg_current_xact_id();
    FOR i IN 1 .. coalesce(array_length(originator_ids, 1), 0) LOOP
        SELECT originator_version, hash, recorded_at INTO last_version, last_hash, last_time
        FROM event_store.events WHERE originator_id = originator_ids[i]
        ORDER BY originator_version DESC LIMIT 1;
        IF last_version IS NULL THEN
            IF originator_versions[i] NOT IN (0, 1) THEN
                RAISE unique_violation USING MESSAGE = format(
                    'stream %s cannot begin at version %s', originator_ids[i], originator_versions[i]);
            END IF;
            last_hash := '\x0000000000000000000000000000000000000000000000000000000000000000';
            last_time := '-infinity';
        ELSIF originator_versions[i] <> last_version + 1 THEN
            RAISE unique_violation USING MESSAGE = format(
                'stream %s is at version %s, so %s cannot be next',
                originator_ids[i], last_version, originator_versions[i]);
        END IF;
        new_position := nextval('event_store.events_position_seq');
        new_time := greatest(clock_timestamp(), last_time);
        INSERT INTO event_store.events VALUES (
            new_position, originator_ids[i], originator_versions[i], topics[i], states[i], metadatas[i],
            owners[i], new_time,
            event_store.event_hash(last_hash, new_position, originator_ids[i], originator_versions[i],
                                   topics[i], states[i], metadatas[i], owners[i], new_time));
        positions := positions || new_position;
    END LOOP;
    RETURN positions;
END $$;

-- The same rule for whatever else inserts (a restore, a seed): the transaction's id comes first.
CREATE FUNCTION event_store.take_transaction_id() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_current_xact_id(); RETURN NULL; END $$;
CREATE TRIGGER events_take_transaction_id BEFORE INSERT ON event_store.events
    FOR EACH STATEMENT EXECUTE FUNCTION event_store.take_transaction_id();

CREATE FUNCTION event_store.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN
    RAISE insufficient_privilege USING MESSAGE = format('%s of %I.%I is refused: events are never changed',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME);
END $$;
CREATE TRIGGER events_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store.events
    FOR EACH STATEMENT EXECUTE FUNCTION event_store.refuse_change();

REVOKE ALL ON FUNCTION event_store.append_events(uuid[], bigint[], text[], bytea[], bytea[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_store.append_events(uuid[], bigint[], text[], bytea[], bytea[], uuid[]) TO stage_app;
GRANT SELECT ON event_store.events, event_store.events_position_seq TO stage_app;
