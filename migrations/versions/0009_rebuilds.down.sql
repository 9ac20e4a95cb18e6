-- What was being rebuilt goes with it; parked events must be retried before, or their rows stay behind.
DROP SCHEMA retired CASCADE;
DROP TABLE stage.parked_events;
DROP TABLE stage.rebuild_parts;
DROP TABLE stage.rebuilds;
