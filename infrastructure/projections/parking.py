"""Events that a read model could not digest, kept as rows until a retry folds them in order."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import psycopg
import structlog
from msgspec import Struct
from psycopg.rows import TupleRow, class_row

from application.projections.fold import Parked
from infrastructure.projections.rows import READ_MODELS
from infrastructure.reactions.failure import described

_PARK = """
    INSERT INTO stage.parked_events (read_model, place, position, stream_id, name, keys, error)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (read_model, place, position) DO UPDATE SET keys = excluded.keys, error = excluded.error
"""
_BLOCKED = """
    SELECT DISTINCT unnest(keys) FROM stage.parked_events WHERE read_model = %s AND place = %s
"""
_LISTED = """
    SELECT read_model, position, stream_id, name, keys, error, parked_at FROM stage.parked_events
    WHERE place = 'read_models' AND (%(read_model)s::text IS NULL OR read_model = %(read_model)s)
    ORDER BY read_model, position LIMIT %(limit)s
"""
_COUNTED = """
    SELECT read_model, count(*) AS events, min(position) AS first FROM stage.parked_events
    WHERE place = 'read_models' GROUP BY read_model ORDER BY read_model
"""

log = structlog.get_logger()


class ParkedEvent(Struct, frozen=True):
    """As operators see it."""

    read_model: str
    position: int
    stream_id: UUID
    name: str
    keys: list[str]
    error: str | None
    """None when it only waits for an earlier one."""
    parked_at: datetime


class Lacking(Struct, frozen=True):
    """A read model with parked events."""

    read_model: str
    events: int
    first: int
    """The position of the oldest."""


def blocked(connection: psycopg.Connection[TupleRow], read_model: str, place: str) -> set[str]:
    """What no event may touch now: the keys of all that is parked."""
    return {name for (name,) in connection.execute(_BLOCKED, [read_model, place])}


def park(
    connection: psycopg.Connection[TupleRow], read_model: str, place: str, events: Collection[Parked]
) -> None:
    """Keep these, in the connection's transaction."""
    if not events:
        return
    for event in events:
        if event.error:
            log.error(
                "projection.event_parked",
                read_model=read_model,
                place=place,
                position=event.recorded.position,
                name=event.recorded.name,
                error=described(event.error),
            )
    with connection.cursor() as cursor:
        cursor.executemany(_PARK, [_row(read_model, place, event) for event in events])


def release(
    connection: psycopg.Connection[TupleRow], read_model: str, place: str, positions: Iterable[int]
) -> None:
    """They are folded now."""
    connection.execute(
        "DELETE FROM stage.parked_events WHERE read_model = %s AND place = %s AND position = ANY(%s)",
        [read_model, place, list(positions)],
    )


def promote(connection: psycopg.Connection[TupleRow], read_model: str) -> None:
    """The shadow table takes the live one's place, and what it lacks is what queries lack from now on."""
    forget(connection, read_model, READ_MODELS)
    connection.execute(
        "UPDATE stage.parked_events SET place = %s WHERE read_model = %s", [READ_MODELS, read_model]
    )


def forget(connection: psycopg.Connection[TupleRow], read_model: str, place: str) -> None:
    """The table that lacked them goes."""
    connection.execute(
        "DELETE FROM stage.parked_events WHERE read_model = %s AND place = %s", [read_model, place]
    )


def positions(
    connection: psycopg.Connection[TupleRow], read_model: str, place: str, *, after: int, limit: int
) -> list[int]:
    """Where the next parked events are."""
    rows = connection.execute(
        """
        SELECT position FROM stage.parked_events
        WHERE read_model = %s AND place = %s AND position > %s ORDER BY position LIMIT %s
        """,
        [read_model, place, after, limit],
    )
    return [position for (position,) in rows]


def listed(
    connection: psycopg.Connection[TupleRow], read_model: str | None = None, *, limit: int = 1000
) -> list[ParkedEvent]:
    """The oldest first, of this read model or of all."""
    with connection.cursor(row_factory=class_row(ParkedEvent)) as rows:
        return rows.execute(_LISTED, {"read_model": read_model, "limit": limit}).fetchall()


def lacking(connection: psycopg.Connection[TupleRow]) -> list[Lacking]:
    """Every read model that lacks events, with how many."""
    with connection.cursor(row_factory=class_row(Lacking)) as rows:
        return rows.execute(_COUNTED).fetchall()


def _row(read_model: str, place: str, event: Parked) -> list[object]:
    recorded, error = event.recorded, event.error
    return [
        *(read_model, place, recorded.position, recorded.stream_id, recorded.name, sorted(event.keys)),
        described(error) if error else None,
    ]
