"""What a stream was as of a version, a position or a moment: its raw events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader


@dataclass(frozen=True)
class AsOf:
    """How much of a stream is looked at: its longest prefix that satisfies all that is given, or all of it."""

    version: int | None = None
    position: int | None = None
    moment: datetime | None = None


class HistoryRow(Struct, frozen=True):
    """An event as it is stored, envelope, hash and all; it is an event_store.chain.ChainedEvent."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes
    metadata: bytes
    owner: UUID | None
    recorded_at: datetime
    hash: bytes


# recorded_at never goes back within a stream, nor do positions, so each condition keeps a prefix.
STREAM: Final = b"""
    SELECT position, originator_id AS stream_id, originator_version AS version, topic, state, metadata, owner,
           recorded_at, hash
    FROM event_store.events
    WHERE originator_id = %(stream_id)s AND originator_version > %(after)s
      AND (%(version)s::bigint IS NULL OR originator_version <= %(version)s)
      AND (%(position)s::bigint IS NULL OR position <= %(position)s)
      AND (%(moment)s::timestamptz IS NULL OR recorded_at <= %(moment)s)
    ORDER BY originator_version LIMIT %(limit)s
"""
_EVERYTHING: Final = AsOf()


async def history(
    reader: Reader,
    stream_id: UUID,
    as_of: AsOf = _EVERYTHING,
    *,
    after: int = -1,
    limit: int | None = None,
) -> list[HistoryRow]:
    """The stream's events as of then, in the order of their versions; `after` and `limit` page through them.

    EventMapper.event makes domain events of them, and aggregate_of folds them.
    """
    return await reader.rows(HistoryRow, STREAM, parameters(stream_id, as_of, after=after, limit=limit))


def parameters(stream_id: UUID, as_of: AsOf, *, after: int = -1, limit: int | None = None) -> dict[str, Any]:
    """What the statement STREAM takes."""
    return {
        "stream_id": stream_id,
        "version": as_of.version,
        "position": as_of.position,
        "moment": as_of.moment,
        "after": after,
        "limit": limit,
    }


def reached(rows: Sequence[HistoryRow]) -> int | None:
    """The position that an answer as of then stands at; None before the stream's first event."""
    return rows[-1].position if rows else None
