-- Answers to requests that came with an Idempotency-Key, kept for a day. Losing one loses nothing else: the id
-- of what a request creates follows from its key, so a repeated request finds what the first one made.

CREATE TABLE stage.answers (
    answer_id    uuid        PRIMARY KEY,
    owner        uuid        NOT NULL,
    content_hash bytea       NOT NULL,
    status       integer     NOT NULL CHECK (status BETWEEN 200 AND 499),
    position     bigint,
    sealed       text        NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX answers_expired ON stage.answers (expires_at);
COMMENT ON TABLE stage.answers IS 'What requests with an Idempotency-Key were answered; expired ones go as new ones come';
COMMENT ON COLUMN stage.answers.answer_id IS 'Follows from user, address and key; also the id of what the request creates';
COMMENT ON COLUMN stage.answers.owner IS 'The user whose key seals the answer';
COMMENT ON COLUMN stage.answers.content_hash IS 'Keyed hash of what was asked: another content under the same key is a conflict';
COMMENT ON COLUMN stage.answers.status IS 'The HTTP status';
COMMENT ON COLUMN stage.answers.position IS 'Where it was recorded in the log, if anything was';
COMMENT ON COLUMN stage.answers.sealed IS 'Sealed: headers and body';

GRANT SELECT, INSERT, UPDATE, DELETE ON stage.answers TO stage_app;
