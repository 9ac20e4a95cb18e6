COMMENT ON TABLE stage.answers IS 'What requests with an Idempotency-Key were answered; expired ones go as new ones come';
DROP INDEX stage.tokens_expired;
DROP INDEX stage.reactions_done;
