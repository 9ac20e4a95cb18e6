DROP INDEX stage.webhook_attempts_at;
DROP INDEX read_models.photos_v3_resolved;
