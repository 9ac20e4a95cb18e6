-- Credits can be frozen, reversed and owed. Lots and statement get new versions that know of it; a lot keeps
-- its past states, so that any moment can be read without folding. The versions before stay for the release
-- that reads them, and a later revision drops them.

SET LOCAL ROLE stage_app;

CREATE TABLE read_models.credit_lots_v2 (
    lot_id     uuid        NOT NULL,
    until      bigint      NOT NULL,
    since      bigint      NOT NULL,
    user_id    uuid        NOT NULL,
    source     text        NOT NULL,
    granted    integer     NOT NULL,
    available  integer     NOT NULL,
    held       integer     NOT NULL,
    frozen     integer     NOT NULL,
    spent      integer     NOT NULL,
    expired    integer     NOT NULL,
    taken_back integer     NOT NULL,
    debt       integer     NOT NULL,
    expires_at timestamptz,
    granted_at timestamptz NOT NULL,
    reference  text        NOT NULL,
    restores   uuid,
    PRIMARY KEY (lot_id, until)
);
CREATE INDEX credit_lots_v2_user ON read_models.credit_lots_v2 (user_id) WHERE until = 9223372036854775807;
CREATE INDEX credit_lots_v2_expiry ON read_models.credit_lots_v2 (expires_at)
    WHERE until = 9223372036854775807 AND available + frozen > 0;
COMMENT ON TABLE read_models.credit_lots_v2 IS 'Grants of credits, and where each credit is now and was before: granted = available + held + frozen + spent + expired + taken_back';
COMMENT ON COLUMN read_models.credit_lots_v2.until IS 'Position in the log at which this state ended; 9223372036854775807 is the present';
COMMENT ON COLUMN read_models.credit_lots_v2.since IS 'Position of the event that made it so';
COMMENT ON COLUMN read_models.credit_lots_v2.source IS 'trial, promo, adjustment or purchase';
COMMENT ON COLUMN read_models.credit_lots_v2.available IS 'Cannot be used past expires_at, even while not yet counted in expired';
COMMENT ON COLUMN read_models.credit_lots_v2.held IS 'Set aside for jobs that have not ended';
COMMENT ON COLUMN read_models.credit_lots_v2.frozen IS 'Cannot be used while the payment is disputed';
COMMENT ON COLUMN read_models.credit_lots_v2.taken_back IS 'By refunds, lost disputes and adjustments, and to repay debt';
COMMENT ON COLUMN read_models.credit_lots_v2.debt IS 'Credits that were used before their payment was reversed, and are not repaid yet';
COMMENT ON COLUMN read_models.credit_lots_v2.expires_at IS 'Null: never';
COMMENT ON COLUMN read_models.credit_lots_v2.reference IS 'What it was granted for';
COMMENT ON COLUMN read_models.credit_lots_v2.restores IS 'The purchase whose credits it gives back, after their reversal was cancelled';

CREATE TABLE read_models.statement_v2 (
    user_id     uuid        NOT NULL,
    version     bigint      NOT NULL,
    kind        text        NOT NULL,
    change      integer     NOT NULL,
    granted     integer     NOT NULL,
    available   integer     NOT NULL,
    held        integer     NOT NULL,
    frozen      integer     NOT NULL,
    spent       integer     NOT NULL,
    expired     integer     NOT NULL,
    taken_back  integer     NOT NULL,
    debt        integer     NOT NULL,
    credits     integer     NOT NULL,
    delivered   integer     NOT NULL,
    returned    integer     NOT NULL,
    taken       integer     NOT NULL,
    awaited     integer     NOT NULL,
    owed        integer     NOT NULL,
    lot_id      uuid,
    source      text,
    job_id      uuid,
    reference   text,
    recorded_at timestamptz NOT NULL,
    position    bigint      NOT NULL,
    PRIMARY KEY (user_id, version)
);
CREATE INDEX statement_v2_moment ON read_models.statement_v2 (user_id, recorded_at);
CREATE INDEX statement_v2_position ON read_models.statement_v2 (user_id, position);
COMMENT ON TABLE read_models.statement_v2 IS 'Every movement on every credit ledger, with the balance after it';
COMMENT ON COLUMN read_models.statement_v2.version IS 'Version of the ledger''s stream: the order of the movements';
COMMENT ON COLUMN read_models.statement_v2.kind IS 'The event: opened, granted, held, settled, reversed and so on';
COMMENT ON COLUMN read_models.statement_v2.change IS 'By how much the available credits changed';
COMMENT ON COLUMN read_models.statement_v2.granted IS 'All credits ever granted: available + held + frozen + spent + expired + taken_back';
COMMENT ON COLUMN read_models.statement_v2.available IS 'Credits in all lots after it that are nowhere else, and not recorded as expired';
COMMENT ON COLUMN read_models.statement_v2.debt IS 'Credits owed after it';
COMMENT ON COLUMN read_models.statement_v2.credits IS 'How many credits the movement is about';
COMMENT ON COLUMN read_models.statement_v2.delivered IS 'Credits that a settled job spent';
COMMENT ON COLUMN read_models.statement_v2.returned IS 'Credits that a settled job or a cancelled reversal gave back';
COMMENT ON COLUMN read_models.statement_v2.taken IS 'Credits taken back';
COMMENT ON COLUMN read_models.statement_v2.awaited IS 'Credits that a reversal gets when the jobs that hold them end';
COMMENT ON COLUMN read_models.statement_v2.owed IS 'By how much the debt changed';
COMMENT ON COLUMN read_models.statement_v2.lot_id IS 'The lot that it is about, if it is one';
COMMENT ON COLUMN read_models.statement_v2.source IS 'Where a granted lot came from';
COMMENT ON COLUMN read_models.statement_v2.job_id IS 'The job whose credits were held or settled';
COMMENT ON COLUMN read_models.statement_v2.reference IS 'The payment, dispute, refund or reason behind it';
COMMENT ON COLUMN read_models.statement_v2.position IS 'Place in the log';

CREATE TABLE read_models.holds_v1 (
    job_id   uuid        PRIMARY KEY,
    user_id  uuid        NOT NULL,
    credits  integer     NOT NULL,
    held_at  timestamptz NOT NULL,
    position bigint      NOT NULL
);
CREATE INDEX holds_v1_age ON read_models.holds_v1 (held_at);
COMMENT ON TABLE read_models.holds_v1 IS 'Credits set aside for jobs that have not ended';
COMMENT ON COLUMN read_models.holds_v1.position IS 'Where in the log they were held';

RESET ROLE;
