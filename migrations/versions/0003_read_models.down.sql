-- Read models are folded from the log again by whoever brings them back.
DROP SCHEMA shadow CASCADE;
DROP SCHEMA read_models CASCADE;
DROP TABLE stage.checkpoints;
