-- The event store: one append-only table, one function that appends to it, and nobody who can change it.
--
-- stage_owner, who runs migrations, owns it. stage_app, as whom the program runs, may read it and execute
-- append_events; it can neither insert nor change a row by any other way. migrations/roles.sql makes both.

CREATE SCHEMA event_store;
GRANT USAGE ON SCHEMA event_store TO stage_app;

-- CACHE 1 is not a default left standing: with a larger cache, sessions draw positions out of order
-- and followers would skip events.
CREATE SEQUENCE event_store.events_position_seq AS bigint CACHE 1;

-- Draws a position, after the transaction's id was taken: a reader that sees a position drawn can then wait for
-- every transaction that could still commit at or below it. Whatever inserts without naming positions (a COPY,
-- a seed) is as safe as append_event.
CREATE FUNCTION event_store.next_position() RETURNS bigint
LANGUAGE sql
RETURN CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('event_store.events_position_seq') END;

CREATE TABLE event_store.events (
    position           bigint      PRIMARY KEY DEFAULT event_store.next_position(),
    originator_id      uuid        NOT NULL,
    originator_version bigint      NOT NULL,
    topic              text        NOT NULL,
    state              bytea       NOT NULL,
    metadata           bytea       NOT NULL,
    owner              uuid,
    recorded_at        timestamptz NOT NULL,
    hash               bytea       NOT NULL,
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

-- The hash that chains an event to the one before it in its stream: of the 32 bytes of the previous hash (zeros
-- before the first event), then of eight fields, each preceded by its length in bytes as a 4-byte big-endian
-- integer (-1 stands for null), so that no two different events have the same input. Integers are 8 bytes
-- big-endian, times are microseconds since 1970 UTC. docs/verifying.md tells outsiders the same.
--
-- An array of bytea is sent as exactly such fields, after 20 bytes about the array itself; building it takes a
-- fourth of the time that concatenating lengths and fields takes. array_send may be called STABLE at the most,
-- and to be inlined this must not claim more.
CREATE FUNCTION event_store.event_hash(
    previous bytea, "position" bigint, originator_id uuid, originator_version bigint, topic text,
    state bytea, metadata bytea, owner uuid, recorded_at timestamptz
) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(previous || substr(array_send(ARRAY[
    int8send("position"), uuid_send(originator_id), int8send(originator_version), convert_to(topic, 'UTF8'),
    state, metadata, uuid_send(owner), int8send((extract(epoch FROM recorded_at) * 1000000)::bigint)
]), 21));

-- What precedes an event that has none before it. A stream begins at version 1, which append_event sees for
-- itself, or at 0 as some applications of the library have it; any other version leaves a gap.
CREATE FUNCTION event_store.hash_before_first(stream_id uuid, version bigint) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    latest bigint;
BEGIN
    SELECT max(originator_version) INTO latest FROM event_store.events WHERE originator_id = stream_id;
    IF latest IS NOT NULL THEN
        RAISE unique_violation USING MESSAGE = format(
            'stream %s is at version %s, so %s cannot be next', stream_id, latest, version);
    ELSIF version NOT IN (0, 1) THEN
        RAISE unique_violation USING MESSAGE = format(
            'stream %s cannot begin at version %s', stream_id, version);
    END IF;
    RETURN decode(repeat('00', 32), 'hex');
END $$;

-- Appends one event and returns its position. It must continue its stream without a gap, else unique_violation
-- is raised, as it is when somebody else appended the same version first.
--
-- One statement, because each further one costs a tenth of the whole. Its names are bound here and now, as
-- those of every BEGIN ATOMIC, so no search_path of the caller's can change what it does.
CREATE FUNCTION event_store.append_event(
    originator_id uuid, originator_version bigint, topic text, state bytea, metadata bytea, owner uuid
) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    INSERT INTO event_store.events
    SELECT
        this.position, append_event.originator_id, append_event.originator_version, append_event.topic,
        append_event.state, append_event.metadata, append_event.owner, this.recorded_at,
        event_store.event_hash(
            CASE
                WHEN this.previous_hash IS NOT NULL THEN this.previous_hash
                WHEN append_event.originator_version = 1
                THEN '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea
                ELSE event_store.hash_before_first(append_event.originator_id, append_event.originator_version)
            END,
            this.position, append_event.originator_id, append_event.originator_version, append_event.topic,
            append_event.state, append_event.metadata, append_event.owner, this.recorded_at
        )
    FROM (
        SELECT
            event_store.next_position() AS position,
            greatest(clock_timestamp(), previous.recorded_at) AS recorded_at,
            previous.hash AS previous_hash
        FROM (VALUES (true)) AS one
        LEFT JOIN event_store.events AS previous
            ON previous.originator_id = append_event.originator_id
            AND previous.originator_version = append_event.originator_version - 1
    ) AS this
    RETURNING position;
END;

-- Appends events, all or none and one after the other, and returns their positions in the order given.
CREATE FUNCTION event_store.append_events(
    originator_ids uuid[], originator_versions bigint[], topics text[],
    states bytea[], metadatas bytea[], owners uuid[]
) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    positions bigint[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(originator_ids) LOOP
        positions := positions || event_store.append_event(
            originator_ids[i], originator_versions[i], topics[i], states[i], metadatas[i], owners[i]);
    END LOOP;
    RETURN positions;
END $$;

CREATE FUNCTION event_store.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN
    RAISE insufficient_privilege USING MESSAGE = format('%s of %I.%I is refused: events are never changed',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME);
END $$;
CREATE TRIGGER events_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store.events
    FOR EACH STATEMENT EXECUTE FUNCTION event_store.refuse_change();

REVOKE ALL ON FUNCTION
    event_store.append_event(uuid, bigint, text, bytea, bytea, uuid),
    event_store.append_events(uuid[], bigint[], text[], bytea[], bytea[], uuid[])
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    event_store.append_event(uuid, bigint, text, bytea, bytea, uuid),
    event_store.append_events(uuid[], bigint[], text[], bytea[], bytea[], uuid[])
TO stage_app;
GRANT SELECT ON event_store.events, event_store.events_position_seq TO stage_app;
