"""The rows of reactions: claiming the next one fairly, holding it, and writing down what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from application.reactions import Answer, References
from infrastructure.postgres.database import Database

LEASE = timedelta(seconds=15)
"""How long a claimed reaction is left to its claimant, who renews the lease as long as it lives."""
WINDOW = 64
"""How many candidates a claim tries to lock: more than other claims have locked at the same moment."""
NEVER = 2**31 - 1
"""More attempts than there can be."""

# All times are the database's. The turn of a row is the place it would take among those that run for its
# owner, so whoever has the fewest running comes first; of several, whoever was served longest ago, so that
# all come round even when there are more owners than threads. Rows that other claims have locked keep their
# place and are stepped over: simultaneous claims go to different owners too. statement_timestamp() can use
# an index, clock_timestamp() cannot.
_CLAIM = """
WITH here AS (
    SELECT id, owner, due_at, state = 'running' AND attempts >= %(doubtful_from)s AS doubtful,
           row_number() OVER (PARTITION BY owner ORDER BY due_at, id) AS place,
           count(*) FILTER (WHERE due_at > statement_timestamp()) OVER (PARTITION BY owner) AS running
    FROM stage.reactions
    WHERE kind = %(kind)s AND ended_at IS NULL AND (state = 'running' OR due_at <= statement_timestamp())
), owners AS MATERIALIZED (
    SELECT owner, (SELECT max(claimed_at) FROM stage.reactions served
                   WHERE served.kind = %(kind)s AND served.owner = here.owner) AS served_at
    FROM here GROUP BY owner
), candidates AS (
    SELECT id, due_at, running + place AS turn, served_at
    FROM here JOIN owners USING (owner)
    WHERE due_at <= statement_timestamp() AND NOT doubtful
    ORDER BY turn, served_at NULLS FIRST, due_at, id LIMIT %(window)s
), next AS (
    SELECT reaction.id, reaction.state = 'running' AS lost
    FROM candidates JOIN stage.reactions reaction USING (id)
    WHERE reaction.ended_at IS NULL AND reaction.due_at <= statement_timestamp()
      AND NOT (reaction.state = 'running' AND reaction.attempts >= %(doubtful_from)s)
    ORDER BY candidates.turn, candidates.served_at NULLS FIRST, candidates.due_at, reaction.id
    LIMIT 1 FOR UPDATE OF reaction SKIP LOCKED
)
UPDATE stage.reactions reaction
SET state = 'running', attempts = attempts + 1, fence = fence + 1,
    claimed_at = clock_timestamp(), due_at = clock_timestamp() + %(lease)s
FROM next WHERE reaction.id = next.id
RETURNING reaction.id AS reaction_id, kind, owner, "references", attempts, fence, answer,
          cause_position, correlation, lost
"""

_DUE = """
SELECT kind, due.count
FROM unnest(%(kinds)s::text[]) kind
CROSS JOIN LATERAL (
    SELECT count(*) FROM (
        SELECT FROM stage.reactions reaction
        WHERE reaction.kind = kind.kind AND ended_at IS NULL AND due_at <= statement_timestamp()
        LIMIT %(most)s) counted) due
WHERE due.count > 0
"""

_RENEW = """
UPDATE stage.reactions reaction SET due_at = clock_timestamp() + %(lease)s
FROM unnest(%(ids)s::uuid[], %(fences)s::bigint[]) AS held (id, fence)
WHERE reaction.id = held.id AND reaction.fence = held.fence AND state = 'running'
RETURNING reaction.id
"""


class LeaseLost(Exception):
    """Somebody else may have this reaction by now; its earlier claimant must not write any more."""


@dataclass(frozen=True)
class Claimed:
    """A reaction in the hands of whoever claimed it."""

    reaction_id: UUID
    kind: str
    owner: UUID
    references: References
    attempts: int
    """This one included."""
    fence: int
    answer: Answer | None
    cause_position: int | None
    """None when a schedule asked for it."""
    correlation: str
    lost: bool = False
    """Whoever claimed it before never said what became of it."""


class ReactionQueue:
    """Every statement is a transaction of its own; whatever a claimant writes is conditional on its fence."""

    def __init__(self, database: Database, *, lease: timedelta = LEASE) -> None:
        self.lease = lease
        self._database = database

    def claim(self, kind: str, *, doubtful_from: int = NEVER) -> Claimed | None:
        """The next due reaction of this kind, leased and its attempt counted, or None.

        The owner with the fewest running comes first, of several the one served longest ago, then the oldest.
        One that was lost with its claimant after so many attempts is doubtful, and left to others.
        """
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=class_row(Claimed)) as rows,
        ):
            return rows.execute(
                _CLAIM,
                {"kind": kind, "window": WINDOW, "lease": self.lease, "doubtful_from": doubtful_from},
            ).fetchone()

    def due(self, kinds: Iterable[str], *, most: int) -> Mapping[str, int]:
        """How many reactions of these kinds wait to be claimed, each kind counted up to `most`."""
        with self._database.connection() as connection:
            return dict(connection.execute(_DUE, {"kinds": list(kinds), "most": most}).fetchall())

    def renew(self, held: Iterable[Claimed]) -> set[UUID]:
        """Lease these anew; the ids of those that were still their claimant's."""
        ids, fences = [], []
        for claimed in held:
            ids.append(claimed.reaction_id)
            fences.append(claimed.fence)
        with self._database.connection() as connection:
            renewed = connection.execute(_RENEW, {"ids": ids, "fences": fences, "lease": self.lease})
            return {reaction_id for (reaction_id,) in renewed}

    def answered(self, claimed: Claimed, answer: Answer) -> None:
        """Keep what the outside world answered. Raises LeaseLost, as do all that follow."""
        self._write(claimed, "answer = %(answer)s", answer=Jsonb(dict(answer)))

    def done(self, claimed: Claimed) -> None:
        self._write(claimed, "state = 'done', ended_at = clock_timestamp(), last_error = NULL")

    def failed(self, claimed: Claimed, error: str, pause: timedelta, *, ask_anew: bool = False) -> None:
        """Due again after the pause; `ask_anew` forgets the answer."""
        self._write(
            claimed,
            "state = 'due', due_at = clock_timestamp() + %(pause)s, last_error = %(error)s"
            + (", answer = NULL" if ask_anew else ""),
            pause=pause,
            error=error,
        )

    def postponed(self, claimed: Claimed, error: str, pause: timedelta) -> None:
        """Due again after the pause, and the attempt does not count: it was asked to come back later."""
        self._write(
            claimed,
            "state = 'due', due_at = clock_timestamp() + %(pause)s, last_error = %(error)s, "
            "attempts = attempts - 1",
            pause=pause,
            error=error,
        )

    def released(self, claimed: Claimed) -> None:
        """Due at once, for others, and the attempt does not count: it was not let finish."""
        self._write(claimed, "state = 'due', due_at = clock_timestamp(), attempts = attempts - 1")

    def dead(self, claimed: Claimed, error: str | None = None, *, allowed: int = NEVER) -> None:
        """Given up after the attempts that were allowed; claims that only gave it up were none.

        Without an error the last one stays.
        """
        self._write(
            claimed,
            "state = 'dead', ended_at = clock_timestamp(), attempts = least(attempts, %(allowed)s), "
            "last_error = coalesce(%(error)s, last_error)",
            error=error,
            allowed=allowed,
        )

    def retry(self, reaction_id: UUID) -> bool:
        """Begin a dead reaction again with all its attempts; False if it is not dead.

        An answer that it has is kept, so the outside world is not called again for it.
        """
        return bool(
            self._database.execute(
                "UPDATE stage.reactions SET state = 'due', due_at = clock_timestamp(), attempts = 0, "
                "ended_at = NULL WHERE id = %s AND state = 'dead'",
                [reaction_id],
            )
        )

    def drop(self, reaction_id: UUID, *, actor: str, reason: str) -> bool:
        """Close a dead reaction that nobody will retry, and keep who decided that and why; False if not dead."""
        return bool(
            self._database.execute(
                "UPDATE stage.reactions SET state = 'dropped', dropped_by = %s, dropped_because = %s "
                "WHERE id = %s AND state = 'dead'",
                [actor, reason, reaction_id],
            )
        )

    def _write(self, claimed: Claimed, change: str, **values: Any) -> None:
        statement = f"UPDATE stage.reactions SET {change} WHERE id = %(id)s AND fence = %(fence)s AND state = 'running'"  # noqa: S608 - written above, never from outside
        parameters = {"id": claimed.reaction_id, "fence": claimed.fence, **values}
        if not self._database.execute(statement, parameters):
            raise LeaseLost(claimed.reaction_id)
