-- What became of photos and of messages to webhooks within the last hour is counted at each examination.

CREATE INDEX webhook_attempts_at ON stage.webhook_attempts (attempted_at);

SET LOCAL ROLE stage_app;
CREATE INDEX photos_v3_resolved ON read_models.photos_v3 (resolved_at) WHERE resolved_at IS NOT NULL;
RESET ROLE;

COMMENT ON COLUMN stage.security_log.route IS 'Method and address, without its values; null where there was too much to keep more than the kind and the network, or than the kind';
