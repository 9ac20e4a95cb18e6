-- Reactions: what must happen because of an event, one row each, written in the transaction that moves their
-- follower's checkpoint. The row is the only state of its attempts; Redis merely rings for it.
--
-- due ──claim──▶ running ──▶ done            A claim counts the attempt, takes a new fence and leases the row.
--  ▲                │  └───▶ dead            Whoever holds an older fence can write nothing any more.
--  └── failed, or its lease ran out

CREATE TABLE stage.reactions (
    id             uuid        PRIMARY KEY,
    kind           text        NOT NULL,
    owner          uuid        NOT NULL,
    "references"   jsonb       NOT NULL,
    state          text        NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'running', 'done', 'dead')),
    due_at         timestamptz NOT NULL,
    attempts       integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    fence          bigint      NOT NULL DEFAULT 0,
    answer         jsonb,
    last_error     text,
    cause_position bigint      NOT NULL,
    correlation    text        NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    claimed_at     timestamptz,
    ended_at       timestamptz,
    CONSTRAINT reactions_ended CHECK ((ended_at IS NULL) = (state IN ('due', 'running')))
);

-- For claiming, and for the sweeper, which rings for what is due: both look at open rows only.
CREATE INDEX reactions_open ON stage.reactions (kind, due_at) WHERE ended_at IS NULL;
-- For fairness: when each owner was served last.
CREATE INDEX reactions_served ON stage.reactions (kind, owner, claimed_at);
-- For the list of what was given up.
CREATE INDEX reactions_dead ON stage.reactions (ended_at, id) WHERE state = 'dead';

COMMENT ON TABLE stage.reactions IS 'What must happen because of an event; holds references only, never personal data';
COMMENT ON COLUMN stage.reactions.id IS 'Follows from the event''s stream and version, the kind and the item, so it exists once';
COMMENT ON COLUMN stage.reactions.kind IS 'Which performer it is for';
COMMENT ON COLUMN stage.reactions.owner IS 'The user for whom it is done, for fairness; all zeros when it is nobody''s';
COMMENT ON COLUMN stage.reactions."references" IS 'Ids of what it is about';
COMMENT ON COLUMN stage.reactions.state IS 'due (now or later), running, done, or dead: given up';
COMMENT ON COLUMN stage.reactions.due_at IS 'When it may be claimed next; while it is running, the end of its lease';
COMMENT ON COLUMN stage.reactions.attempts IS 'Counted before each begins';
COMMENT ON COLUMN stage.reactions.fence IS 'Grows with each claim; only the latest claimant may write';
COMMENT ON COLUMN stage.reactions.answer IS 'What the outside world answered, kept before it is recorded';
COMMENT ON COLUMN stage.reactions.last_error IS 'Class of the last failure and where it arose, without its text';
COMMENT ON COLUMN stage.reactions.cause_position IS 'Position of the event it follows from';
COMMENT ON COLUMN stage.reactions.correlation IS 'Of that event';
COMMENT ON COLUMN stage.reactions.claimed_at IS 'When its latest attempt began';

GRANT SELECT, INSERT, UPDATE, DELETE ON stage.reactions TO stage_app;
