-- Payments. A message of the provider's is sealed with a key of its own, because nobody knows yet whom it is
-- about; purchases and the money that moves get read models; and development gets a till to play with.

ALTER TABLE stage.data_keys
    ADD COLUMN attached_to uuid,
    ADD COLUMN lent_until  timestamptz,
    ADD CONSTRAINT data_keys_lent CHECK (lent_until IS NULL OR (attached_to IS NULL AND destroyed_at IS NULL));
CREATE INDEX data_keys_attached ON stage.data_keys (attached_to) WHERE attached_to IS NOT NULL;
CREATE INDEX data_keys_lent ON stage.data_keys (lent_until) WHERE lent_until IS NOT NULL;
COMMENT ON TABLE stage.data_keys IS 'One key a person (key_id is the user''s id), and one for each message of the payment provider''s';
COMMENT ON COLUMN stage.data_keys.attached_to IS 'The key with which this one is destroyed: that of the user whom the message turned out to be about';
COMMENT ON COLUMN stage.data_keys.lent_until IS 'When a key that is attached to nobody is destroyed';

CREATE TABLE stage.sandbox_payments (
    session_id  text        PRIMARY KEY,
    purchase_id uuid        NOT NULL UNIQUE,
    payment_id  text        NOT NULL UNIQUE,
    customer_id text        NOT NULL,
    document    jsonb       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at  timestamptz
);
CREATE INDEX sandbox_payments_customer ON stage.sandbox_payments (customer_id, created_at);
COMMENT ON TABLE stage.sandbox_payments IS 'In development without a payment provider: what the local one knows of each checkout';

CREATE TABLE stage.sandbox_notices (
    stripe_id    text        PRIMARY KEY,
    body         text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at timestamptz
);
CREATE INDEX sandbox_notices_undelivered ON stage.sandbox_notices (created_at) WHERE delivered_at IS NULL;
COMMENT ON TABLE stage.sandbox_notices IS 'Messages of the local payment provider''s to our webhook';

GRANT SELECT, INSERT, UPDATE, DELETE ON stage.sandbox_payments, stage.sandbox_notices TO stage_app;

SET LOCAL ROLE stage_app;

CREATE TABLE read_models.purchases_v1 (
    purchase_id  uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL,
    offer        text        NOT NULL,
    quantity     integer     NOT NULL,
    credits      integer     NOT NULL,
    amount       bigint      NOT NULL,
    currency     text        NOT NULL,
    status       text        NOT NULL,
    session_id   text,
    payment_id   text,
    customer_id  text,
    receipt      text,
    refunded     bigint      NOT NULL,
    lost         bigint      NOT NULL,
    disputed     bigint      NOT NULL,
    fraud_warned boolean     NOT NULL,
    failure      text,
    expires_at   timestamptz NOT NULL,
    started_at   timestamptz NOT NULL,
    paid_at      timestamptz,
    version      bigint      NOT NULL,
    position     bigint      NOT NULL
);
CREATE INDEX purchases_v1_user ON read_models.purchases_v1 (user_id, position);
CREATE INDEX purchases_v1_started ON read_models.purchases_v1 (started_at);
COMMENT ON TABLE read_models.purchases_v1 IS 'Checkouts, and what became of those that were paid';
COMMENT ON COLUMN read_models.purchases_v1.credits IS 'How many it grants';
COMMENT ON COLUMN read_models.purchases_v1.amount IS 'In the currency''s minor unit, like refunded, lost and disputed';
COMMENT ON COLUMN read_models.purchases_v1.status IS 'open, paid, expired, or refused: money came that does not fit what was sold';
COMMENT ON COLUMN read_models.purchases_v1.session_id IS 'Stripe''s id of the checkout';
COMMENT ON COLUMN read_models.purchases_v1.payment_id IS 'Stripe''s id of the payment intent';
COMMENT ON COLUMN read_models.purchases_v1.customer_id IS 'Stripe''s id of the customer';
COMMENT ON COLUMN read_models.purchases_v1.receipt IS 'Sealed: the address of Stripe''s receipt';
COMMENT ON COLUMN read_models.purchases_v1.lost IS 'What disputes took for good';
COMMENT ON COLUMN read_models.purchases_v1.disputed IS 'What open disputes are about';
COMMENT ON COLUMN read_models.purchases_v1.failure IS 'Why the last attempt to pay failed, while none has succeeded';
COMMENT ON COLUMN read_models.purchases_v1.version IS 'Version of the purchase''s stream: the ETag';
COMMENT ON COLUMN read_models.purchases_v1.position IS 'Where in the log it was started: the order of lists, and their cursor';

CREATE TABLE read_models.money_movements_v1 (
    position    bigint      PRIMARY KEY,
    purchase_id uuid        NOT NULL,
    kind        text        NOT NULL,
    amount      bigint      NOT NULL,
    currency    text        NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX money_movements_v1_recorded ON read_models.money_movements_v1 (recorded_at);
COMMENT ON TABLE read_models.money_movements_v1 IS 'Money in and out as we recorded it: what a reconciliation adds up';
COMMENT ON COLUMN read_models.money_movements_v1.position IS 'Of its event in the log';
COMMENT ON COLUMN read_models.money_movements_v1.kind IS 'paid, refunded, refund_failed, dispute_lost, dispute_recovered or payment_refused';
COMMENT ON COLUMN read_models.money_movements_v1.amount IS 'In the currency''s minor unit, below zero when money goes';

CREATE TABLE read_models.stripe_events_v1 (
    event_id    uuid        PRIMARY KEY,
    stripe_id   text        NOT NULL,
    type        text        NOT NULL,
    handled     boolean     NOT NULL,
    livemode    boolean     NOT NULL,
    created_at  timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    position    bigint      NOT NULL
);
CREATE INDEX stripe_events_v1_type ON read_models.stripe_events_v1 (type, received_at);
COMMENT ON TABLE read_models.stripe_events_v1 IS 'Messages from Stripe, those that nobody looks into as well';
COMMENT ON COLUMN read_models.stripe_events_v1.handled IS 'Whether its type makes somebody look at a payment';
COMMENT ON COLUMN read_models.stripe_events_v1.created_at IS 'When Stripe says that it happened';

RESET ROLE;
