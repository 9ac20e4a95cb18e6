"""Turns events into rows of reactions, in their follower's transaction, and rings for what is due at once or soon."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

import psycopg
import structlog
from psycopg.rows import TupleRow

from application.reactions import Rule, follow
from application.recorded import Recorded
from infrastructure.reactions.alarm import Alarm
from infrastructure.reactions.bell import Bell, BellSilent

NOBODY = UUID(int=0)
"""The owner of what is done for nobody in particular."""
SILENCE = 5.0
"""Seconds for which nothing rings after a bell that nobody heard; the sweepers do it meanwhile."""
SOON = 2.0
"""Seconds: what is due later is left to the sweepers."""

_INSERT = """
INSERT INTO stage.reactions (id, kind, owner, "references", due_at, cause_position, correlation)
SELECT id, kind, owner, about::jsonb, due_at, cause_position, correlation
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::timestamptz[], %s::bigint[], %s::text[])
     AS asked (id, kind, owner, about, due_at, cause_position, correlation)
ON CONFLICT (id) DO NOTHING
RETURNING kind, extract(epoch FROM due_at - statement_timestamp())::float8
"""

log = structlog.get_logger()


class ReactionWriter:
    """A consumer of the log. Its rows are written in the transaction that moves its checkpoint."""

    name = "reactions"

    def __init__(self, rules: Iterable[Rule], bell: Bell) -> None:
        self._rules = tuple(rules)
        self._bell = bell
        self._alarm = Alarm(bell)
        self._rings: Counter[tuple[str, float]] = Counter()
        """How often to ring for each kind, and in how many seconds."""
        self._quiet_until = 0.0
        self.events: frozenset[str] | None = frozenset().union(*(rule.events for rule in self._rules))

    def consume(self, connection: "psycopg.Connection[TupleRow]", batch: Sequence[Recorded]) -> None:
        """Write what the rules ask for because of these events; what is there already stays as it is."""
        self._rings.clear()
        rows = [
            (
                reaction_id,
                reaction.kind,
                recorded.owner or NOBODY,
                json.dumps(dict(reaction.references)),
                recorded.recorded_at + reaction.delay,
                recorded.position,
                recorded.correlation,
            )
            for recorded in batch
            for reaction_id, reaction in follow(self._rules, recorded)
        ]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            for kind, wait in connection.execute(_INSERT, columns):
                if wait <= SOON:
                    self._rings[kind, max(0.0, wait)] += 1

    def committed(self) -> None:
        """Ring for what was written. A bell that nobody hears is logged: the sweepers find the rows.

        Then it is left alone for a while: a Redis that hangs takes seconds to say nothing, in which the log
        would not be followed.
        """
        rings, self._rings = self._rings, Counter()
        if time.monotonic() < self._quiet_until:
            return
        try:
            for (kind, wait), times in rings.items():
                if wait:
                    self._alarm.set(wait, kind, times)
                else:
                    self._bell.ring(kind, times)
        except BellSilent as silent:
            self._quiet_until = time.monotonic() + SILENCE
            log.warning("bell.silent", error=str(silent))
