DROP INDEX stage.webhook_attempts_at;
DROP INDEX read_models.photos_v3_resolved;
COMMENT ON COLUMN stage.security_log.route IS 'Method and address, without its values; null, as all that follows, where there was too much to keep more than the kind';
