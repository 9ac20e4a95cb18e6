"""What rebuilds have done so far, as rows, so that they go on where they were."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from inspect import getsource
from sys import modules
from typing import Any
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.rows import TupleRow, class_row

from application.projections.projection import Projection

WANTED, FILLING, INDEXING, FOLLOWING, JOINED = "wanted", "filling", "indexing", "following", "joined"
"""The steps of a rebuild, in their order."""


class Begun(Struct, frozen=True):
    """A rebuild that has not ended."""

    read_model: str
    step: str
    fold: bytes
    position: int
    events: int
    differences: int | None
    error: str | None
    unattended: bool
    accept: bool
    began_at: datetime


class Part(Struct, frozen=True):
    part: int
    next: UUID
    last: UUID


def fold_of(projection: Projection[Any]) -> bytes:
    """A hash of the code that makes the rows: rows of two different folds must not be mixed."""
    return sha256(getsource(modules[type(projection).__module__]).encode()).digest()


def find(connection: psycopg.Connection[TupleRow], read_model: str) -> Begun | None:
    with connection.cursor(row_factory=class_row(Begun)) as rows:
        return rows.execute("SELECT * FROM stage.rebuilds WHERE read_model = %s", [read_model]).fetchone()


def get(connection: psycopg.Connection[TupleRow], read_model: str) -> Begun:
    """The same, of one that has begun."""
    if (begun := find(connection, read_model)) is None:
        raise LookupError(read_model)
    return begun


def every(connection: psycopg.Connection[TupleRow]) -> list[Begun]:
    with connection.cursor(row_factory=class_row(Begun)) as rows:
        return rows.execute("SELECT * FROM stage.rebuilds ORDER BY read_model").fetchall()


def want(connection: psycopg.Connection[TupleRow], read_model: str, *, accept: bool) -> None:
    """Have a following process rebuild it, or go on with a rebuild that was begun."""
    connection.execute(
        """
        INSERT INTO stage.rebuilds (read_model, step, fold, position, events, unattended, accept)
        VALUES (%(read_model)s, 'wanted', '', 0, 0, true, %(accept)s)
        ON CONFLICT (read_model) DO UPDATE SET unattended = true, accept = %(accept)s, differences = NULL
        """,
        {"read_model": read_model, "accept": accept},
    )


def unattended(connection: psycopg.Connection[TupleRow]) -> list[Begun]:
    """What following processes have to do: all but those whose differences somebody must look at."""
    with connection.cursor(row_factory=class_row(Begun)) as rows:
        return rows.execute(
            """
            SELECT * FROM stage.rebuilds
            WHERE unattended AND (accept OR coalesce(differences, 0) = 0) ORDER BY began_at
            """
        ).fetchall()


def begin(
    connection: psycopg.Connection[TupleRow],
    projection: Projection[Any],
    *,
    step: str,
    position: int,
    events: int,
    parts: Sequence[tuple[UUID, UUID]],
) -> None:
    """Write down what there is to do, in the connection's transaction."""
    name = projection.table.versioned_name
    connection.execute(
        """
        INSERT INTO stage.rebuilds (read_model, step, fold, position, events) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (read_model) DO UPDATE
        SET step = excluded.step, fold = excluded.fold, position = excluded.position,
            events = excluded.events, differences = NULL, error = NULL
        """,
        [name, step, fold_of(projection), position, events],
    )
    connection.execute("DELETE FROM stage.rebuild_parts WHERE read_model = %s", [name])
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO stage.rebuild_parts (read_model, part, next, last) VALUES (%s, %s, %s, %s)",
            [(name, part, *bounds) for part, bounds in enumerate(parts)],
        )


def end(connection: psycopg.Connection[TupleRow], read_model: str) -> None:
    connection.execute("DELETE FROM stage.rebuilds WHERE read_model = %s", [read_model])


def move(connection: psycopg.Connection[TupleRow], read_model: str, *, step: str, position: int) -> None:
    connection.execute(
        "UPDATE stage.rebuilds SET step = %s, position = %s WHERE read_model = %s",
        [step, position, read_model],
    )


def differ(connection: psycopg.Connection[TupleRow], read_model: str, differences: int) -> None:
    connection.execute(
        "UPDATE stage.rebuilds SET differences = %s WHERE read_model = %s", [differences, read_model]
    )


def joined(connection: psycopg.Connection[TupleRow], read_model: str) -> bool:
    """Whether its follower has to write the shadow table too."""
    found = connection.execute(
        "SELECT FROM stage.rebuilds WHERE read_model = %s AND step = 'joined' AND error IS NULL", [read_model]
    )
    return found.fetchone() is not None


def fail(connection: psycopg.Connection[TupleRow], read_model: str, error: str) -> None:
    """The shadow table lacks something from now on."""
    connection.execute("UPDATE stage.rebuilds SET error = %s WHERE read_model = %s", [error, read_model])


def open_parts(connection: psycopg.Connection[TupleRow], read_model: str) -> list[Part]:
    with connection.cursor(row_factory=class_row(Part)) as rows:
        return rows.execute(
            """
            SELECT part, next, last FROM stage.rebuild_parts
            WHERE read_model = %s AND NOT done ORDER BY part
            """,
            [read_model],
        ).fetchall()


def advance(
    connection: psycopg.Connection[TupleRow], read_model: str, part: Part, *, next: UUID | None, events: int
) -> bool:
    """The part's streams before `next` are folded, all of them if None. False if somebody else moved it."""
    moved = connection.execute(
        """
        UPDATE stage.rebuild_parts
        SET next = coalesce(%(next)s, next), done = %(next)s::uuid IS NULL, events = events + %(events)s
        WHERE read_model = %(read_model)s AND part = %(part)s AND next = %(expected)s AND NOT done
        """,
        {
            "next": next,
            "events": events,
            "read_model": read_model,
            "part": part.part,
            "expected": part.next,
        },
    )
    return moved.rowcount == 1


def folded(connection: psycopg.Connection[TupleRow], read_model: str) -> int:
    """How many events the parts have folded so far."""
    ((events,),) = connection.execute(
        "SELECT coalesce(sum(events), 0)::bigint FROM stage.rebuild_parts WHERE read_model = %s", [read_model]
    ).fetchall()
    return int(events)
