-- Endpoints of users' own systems, the messages to them, and every attempt to deliver one.

CREATE TABLE stage.webhook_endpoints (
    endpoint_id uuid        PRIMARY KEY,
    user_id     uuid        NOT NULL,
    url         text        NOT NULL,
    secret      text        NOT NULL,
    events      text[]      NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at timestamptz
);
CREATE INDEX webhook_endpoints_user ON stage.webhook_endpoints (user_id, created_at);
COMMENT ON COLUMN stage.webhook_endpoints.url IS 'Sealed';
COMMENT ON COLUMN stage.webhook_endpoints.secret IS 'Sealed: signs the messages';
COMMENT ON COLUMN stage.webhook_endpoints.events IS 'What its user subscribed to';
COMMENT ON COLUMN stage.webhook_endpoints.disabled_at IS 'Set once it answered 410 Gone';

CREATE TABLE stage.webhook_deliveries (
    delivery_id uuid        PRIMARY KEY,
    endpoint_id uuid        NOT NULL REFERENCES stage.webhook_endpoints ON DELETE CASCADE,
    user_id     uuid        NOT NULL,
    event       text        NOT NULL,
    job_id      uuid        NOT NULL,
    recorded_at timestamptz NOT NULL,
    state       text        NOT NULL CHECK (state IN ('pending', 'delivered', 'failed'))
);
CREATE INDEX webhook_deliveries_endpoint ON stage.webhook_deliveries (endpoint_id, recorded_at);
COMMENT ON TABLE stage.webhook_deliveries IS 'Messages to endpoints; references only, the message is made when it is sent';
COMMENT ON COLUMN stage.webhook_deliveries.delivery_id IS 'The message''s id, the same however often it is sent';
COMMENT ON COLUMN stage.webhook_deliveries.recorded_at IS 'When what it tells of happened';

CREATE TABLE stage.webhook_attempts (
    attempt_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id  uuid        NOT NULL REFERENCES stage.webhook_deliveries ON DELETE CASCADE,
    attempted_at timestamptz NOT NULL,
    status       integer,
    error        text
);
CREATE INDEX webhook_attempts_delivery ON stage.webhook_attempts (delivery_id, attempt_id);
COMMENT ON COLUMN stage.webhook_attempts.status IS 'Of HTTP; null when there was no answer';
COMMENT ON COLUMN stage.webhook_attempts.error IS 'refused: the address is not public; or unreachable';

GRANT SELECT, INSERT, UPDATE, DELETE ON stage.webhook_endpoints, stage.webhook_deliveries, stage.webhook_attempts TO stage_app;
