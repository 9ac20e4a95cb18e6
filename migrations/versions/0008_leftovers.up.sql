-- Rows that have served their time are removed by a schedule, some at a time, those first that are longest over.

CREATE INDEX reactions_done ON stage.reactions (ended_at) WHERE state = 'done';
CREATE INDEX tokens_expired ON stage.tokens (expires_at);

COMMENT ON TABLE stage.answers IS 'What requests with an Idempotency-Key were answered; a schedule removes expired ones';
