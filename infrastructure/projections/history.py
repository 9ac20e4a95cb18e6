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

# A stream's times never go back, so what was recorded by a moment is a prefix of it.
_PREFIX = f"""
    SELECT {COLUMNS} FROM event_store.events
    WHERE originator_id = %(stream_id)s
      AND (%(version)s::bigint IS NULL OR originator_version <= %(version)s)
      AND (%(position)s::bigint IS NULL OR position <= %(position)s)
      AND (%(moment)s::timestamptz IS NULL OR recorded_at <= %(moment)s)
    ORDER BY originator_version
"""  # noqa: S608 - constant


class AsOf(Struct, frozen=True):
    """Where to end: every bound that is given counts."""

    version: int | None = None
    position: int | None = None
    moment: datetime | None = None


class Rows(Struct, frozen=True):
    """What a stream's events up to some point made of a read model."""

    read_model: str
    stream_id: UUID
    version: int
    """The stream's, as of then; 0 before its first event."""
    position: int
    """Of the last event that is in it."""
    rows: list[Any]
    unreadable: int
    """Events that could not be folded, so that the rows lack them."""


class FollowsFromSeveralStreams(Exception):
    """One stream alone does not make this read model's rows."""

    def __init__(self, read_model: str) -> None:
        super().__init__(read_model)
        self.read_model = read_model

    def __str__(self) -> str:
        return f"the rows of {self.read_model} follow from several streams, so one alone does not tell"


def rows_as_of(
    connection: psycopg.Connection[TupleRow],
    mapper: EventMapper,
    projection: Projection[Any],
    stream_id: UUID,
    as_of: AsOf,
) -> Rows:
    """The rows that this stream had made by then. Raises FollowsFromSeveralStreams."""
    if projection.table.stream is None:
        raise FollowsFromSeveralStreams(projection.table.versioned_name)
    bounds = {"version": as_of.version, "position": as_of.position, "moment": as_of.moment}
    found = connection.execute(_PREFIX, {"stream_id": stream_id, **bounds}).fetchall()
    log = [mapper.recorded(row) for row in found]
    rows: dict[Any, Any] = {}
    wanted = [recorded for recorded in log if recorded.name in projection.events]
    digested = digest(projection, rows, wanted, set())
    return Rows(
        projection.table.versioned_name,
        stream_id,
        log[-1].version if log else 0,
        log[-1].position if log else 0,
        list(rows.values()),
        len(digested.parked),
    )
