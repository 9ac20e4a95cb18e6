-- What was being rebuilt goes with it; parked events must be retried before, or their rows stay behind.
DROP SCHEMA retired CASCADE;
DROP TABLE stage.parked_events;
DROP TABLE stage.rebuild_parts;
DROP TABLE stage.rebuilds;
ALTER TABLE stage.reactions DROP CONSTRAINT reactions_dropped;
UPDATE stage.reactions SET state = 'dead' WHERE state = 'dropped';
ALTER TABLE stage.reactions
    DROP CONSTRAINT reactions_state_check,
    ADD CONSTRAINT reactions_state_check CHECK (state IN ('due', 'running', 'done', 'dead')),
    DROP COLUMN dropped_by,
    DROP COLUMN dropped_because;
COMMENT ON COLUMN stage.reactions.state IS 'due (now or later), running, done, or dead: given up';
