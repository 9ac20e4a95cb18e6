"""What health and operators ask about reactions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow, class_row

from application.reactions import References


@dataclass(frozen=True)
class Open:
    """The reactions of one kind that have not ended, and those that died."""

    kind: str
    due: int
    """Could be claimed now."""
    later: int
    """Will be due."""
    running: int
    dead: int
    oldest_due: timedelta | None
    """For how long the oldest due one has waited."""


@dataclass(frozen=True)
class DeadReaction:
    reaction_id: UUID
    kind: str
    owner: UUID
    references: References
    attempts: int
    last_error: str | None
    cause_position: int | None
    """None when a schedule asked for it."""
    correlation: str
    ended_at: datetime


COUNTS = """
SELECT kind,
       count(*) FILTER (WHERE state <> 'dead' AND due_at <= now()) AS due,
       count(*) FILTER (WHERE state = 'due' AND due_at > now()) AS later,
       count(*) FILTER (WHERE state = 'running' AND due_at > now()) AS running,
       count(*) FILTER (WHERE state = 'dead') AS dead,
       now() - min(due_at) FILTER (WHERE state <> 'dead' AND due_at <= now()) AS oldest_due
FROM stage.reactions WHERE ended_at IS NULL OR state = 'dead'
GROUP BY kind ORDER BY kind
"""
"""One row for each kind that has any; a connection of any sort can run it."""

_DEAD = """
SELECT id AS reaction_id, kind, owner, "references", attempts, last_error, cause_position, correlation,
       ended_at
FROM stage.reactions WHERE state = 'dead' ORDER BY ended_at DESC, id LIMIT %s
"""


def counts(connection: "psycopg.Connection[TupleRow]") -> list[Open]:
    with connection.cursor(row_factory=class_row(Open)) as rows:
        return rows.execute(COUNTS).fetchall()


def dead(connection: "psycopg.Connection[TupleRow]", *, limit: int = 100) -> list[DeadReaction]:
    """What was given up, the latest first."""
    with connection.cursor(row_factory=class_row(DeadReaction)) as rows:
        return rows.execute(_DEAD, [limit]).fetchall()


@dataclass(frozen=True)
class Shown:
    """All that is known of a reaction."""

    reaction_id: UUID
    kind: str
    owner: UUID
    references: References
    state: str
    attempts: int
    due_at: datetime
    answered: bool
    """Whether the outside world answered, so that it is not called again."""
    last_error: str | None
    cause_position: int | None
    correlation: str
    created_at: datetime
    claimed_at: datetime | None
    ended_at: datetime | None
    dropped_by: str | None
    dropped_because: str | None


_SHOWN = """
SELECT id AS reaction_id, kind, owner, "references", state, attempts, due_at, answer IS NOT NULL AS answered,
       last_error, cause_position, correlation, created_at, claimed_at, ended_at, dropped_by, dropped_because
FROM stage.reactions
"""
_LISTED = """
WHERE (%(state)s::text IS NULL AND state <> 'done' OR state = %(state)s)
  AND (%(kind)s::text IS NULL OR kind = %(kind)s)
ORDER BY created_at DESC, id LIMIT %(limit)s
"""


def kinds(connection: "psycopg.Connection[TupleRow]") -> list[str]:
    """Those that there are any reactions of."""
    rows = connection.execute("SELECT DISTINCT kind FROM stage.reactions ORDER BY kind")
    return [kind for (kind,) in rows]


def listed(
    connection: "psycopg.Connection[TupleRow]", *, state: str | None, kind: str | None, limit: int
) -> list[Shown]:
    """Reactions in this state (those not done, if None), the latest first."""
    with connection.cursor(row_factory=class_row(Shown)) as rows:
        asked = {"state": state, "kind": kind, "limit": limit}
        return rows.execute(f"{_SHOWN}{_LISTED}", asked).fetchall()


def shown(connection: "psycopg.Connection[TupleRow]", reaction_id: UUID) -> Shown | None:
    with connection.cursor(row_factory=class_row(Shown)) as rows:
        return rows.execute(f"{_SHOWN} WHERE id = %s", [reaction_id]).fetchone()
