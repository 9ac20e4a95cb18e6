"""Rows of reactions for tests: putting them there, looking at them, and waiting for what they become."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from application.reactions import Answer, Performer, References
from infrastructure.postgres.database import Database

KIND = "stage_photo"
PATIENCE = 30.0
"""Seconds until a condition that does not come true fails its test."""


@dataclass(frozen=True)
class Row:
    state: str
    attempts: int
    fence: int
    answer: dict[str, Any] | None
    last_error: str | None


def add(
    database: Database,
    *,
    kind: str = KIND,
    owner: UUID | None = None,
    references: References | None = None,
    due_in: timedelta = timedelta(0),
) -> UUID:
    """A reaction that is due so long from now, or has been (by the database's clock)."""
    reaction_id = uuid4()
    database.execute(
        'INSERT INTO stage.reactions (id, kind, owner, "references", due_at, cause_position, correlation) '
        "VALUES (%s, %s, %s, %s, clock_timestamp() + %s, 7, 'request-1')",
        [reaction_id, kind, owner or uuid4(), Jsonb(dict(references or {})), due_in],
    )
    return reaction_id


def row(database: Database, reaction_id: UUID) -> Row:
    with database.connection() as connection, connection.cursor(row_factory=class_row(Row)) as rows:
        found = rows.execute(
            "SELECT state, attempts, fence, answer, last_error FROM stage.reactions WHERE id = %s",
            [reaction_id],
        ).fetchone()
    assert found is not None
    return found


def let_leases_run_out(database: Database) -> None:
    """As if the time of all leases had passed."""
    database.execute("UPDATE stage.reactions SET due_at = clock_timestamp() WHERE state = 'running'")


def make_due(database: Database) -> None:
    """As if all pauses had passed."""
    database.execute("UPDATE stage.reactions SET due_at = clock_timestamp() WHERE state = 'due'")


def wait_until(condition: Callable[[], bool], *, within: float = PATIENCE) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


class Toy:
    """A performer that keeps account of what it was asked; a test may replace any of its three parts."""

    def __init__(self, **parts: Any) -> None:
        self.calls: list[UUID] = []
        self.recorded: list[Answer] = []
        self.given_up: list[References] = []
        self.performer = Performer(
            **{
                "kind": KIND,
                "call": self._call,
                "record": self._record,
                "give_up": self._give_up,
                "attempts": 3,
                **parts,
            }
        )

    def _call(self, reaction_id: UUID, references: References) -> Answer:
        self.calls.append(reaction_id)
        return {"answer to": dict(references)}

    def _record(self, _references: References, answer: Answer) -> None:
        self.recorded.append(answer)

    def _give_up(self, references: References) -> None:
        self.given_up.append(references)
