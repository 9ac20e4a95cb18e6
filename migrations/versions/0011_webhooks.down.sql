DELETE FROM stage.reactions WHERE kind IN ('announce_job', 'send_webhook');
DROP TABLE stage.webhook_attempts;
DROP TABLE stage.webhook_deliveries;
DROP TABLE stage.webhook_endpoints;
