-- Read models of these versions are folded again by whoever brings them back; what a schedule had asked for is
-- asked for again when it is due next.
DELETE FROM stage.reactions WHERE cause_position IS NULL;
ALTER TABLE stage.reactions ALTER COLUMN cause_position SET NOT NULL;
COMMENT ON TABLE stage.reactions IS 'What must happen because of an event; holds references only, never personal data';
COMMENT ON COLUMN stage.reactions.id IS 'Follows from the event''s stream and version, the kind and the item, so it exists once';
COMMENT ON COLUMN stage.reactions.cause_position IS 'Position of the event it follows from';
COMMENT ON COLUMN stage.reactions.correlation IS 'Of that event';

DROP INDEX stage.uploads_unused;
DROP INDEX stage.uploads_picture;

DROP TABLE read_models.photos_v2;
DROP TABLE read_models.jobs_v2;
DELETE FROM stage.checkpoints WHERE follower IN ('photos_v2', 'jobs_v2');
