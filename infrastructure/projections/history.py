"""A projection's rows as of any past moment: the same fold, ended earlier."""

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.rows import TupleRow

from application.projections.fold import digest
from application.projections.projection import Projection
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import COLUMNS
from infrastructure.projections.streams import COLUMN, apart

# A stream's times never go back, so what was recorded by a moment is a prefix of it.
_PREFIX = f"""
    SELECT {COLUMNS} FROM event_store.events
    WHERE {{unit}} = %(whose)s
      AND (%(version)s::bigint IS NULL OR originator_version <= %(version)s)
      AND (%(position)s::bigint IS NULL OR position <= %(position)s)
      AND (%(moment)s::timestamptz IS NULL OR recorded_at <= %(moment)s)
    ORDER BY position
"""  # noqa: S608 - constant


class AsOf(Struct, frozen=True):
    """Where to end: every bound that is given counts. A version is that of each stream."""

    version: int | None = None
    position: int | None = None
    moment: datetime | None = None


class Rows(Struct, frozen=True):
    """What the events of a stream, or of an owner, made of a read model by then."""

    read_model: str
    whose: UUID
    version: int
    """Of the last event that is in it; 0 before the first."""
    position: int
    """Of the same."""
    rows: list[Any]
    unreadable: int
    """Events that could not be folded, so that the rows lack them."""


def rows_as_of(
    connection: psycopg.Connection[TupleRow],
    mapper: EventMapper,
    projection: Projection[Any],
    whose: UUID,
    as_of: AsOf,
) -> Rows:
    """The rows that this stream, or owner, had made by then. Raises NotApart."""
    statement = _PREFIX.format(unit=COLUMN[apart(projection).by])
    bounds = {"version": as_of.version, "position": as_of.position, "moment": as_of.moment}
    found = connection.execute(statement, {"whose": whose, **bounds}).fetchall()
    log = [mapper.recorded(*row) for row in found]
    rows: dict[Any, Any] = {}
    wanted = [recorded for recorded in log if recorded.name in projection.events]
    digested = digest(projection, rows, wanted, set())
    return Rows(
        projection.table.versioned_name,
        whose,
        log[-1].version if log else 0,
        log[-1].position if log else 0,
        list(rows.values()),
        len(digested.parked),
    )
