"""Events as they are stored, byte by byte, for whoever wants to check them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import STATEMENT

AT_ONCE: Final = 1_000


class RawEvent(Struct, frozen=True):
    position: int
    stream_id: UUID
    version: int
    topic: str
    state: str
    """The very text that was hashed; what is personal in it stays sealed."""
    metadata: str
    """Likewise: actor, cause and correlation."""
    owner: UUID | None
    recorded_at: datetime
    hash: str
    """SHA-256 in hexadecimal, chained to the event before it in its stream."""


class _Position(Struct, frozen=True):
    position: int


_COLUMNS: Final = b"""
    position, originator_id AS stream_id, originator_version AS version, topic,
    convert_from(state, 'UTF8') AS state, convert_from(metadata, 'UTF8') AS metadata, owner, recorded_at,
    encode(hash, 'hex') AS hash
"""
_OF_STREAM: Final = (
    b"SELECT "
    + _COLUMNS
    + b"""
    FROM event_store.events
    WHERE originator_id = %(stream_id)s AND originator_version > %(after)s AND position <= %(upto)s
    ORDER BY originator_version LIMIT %(limit)s
"""
)
_OF_ALL: Final = (
    b"SELECT "
    + _COLUMNS
    + b"""
    FROM event_store.events WHERE position > %(after)s AND position <= %(upto)s
    ORDER BY position LIMIT %(limit)s
"""
)
_OF_OWNER: Final = (
    b"SELECT "
    + _COLUMNS
    + b"""
    FROM event_store.events WHERE owner = %(owner)s AND position > %(after)s AND position <= %(upto)s
    ORDER BY position LIMIT %(limit)s
"""
)
_SAFE: Final = b"SELECT position FROM stage.checkpoints WHERE follower = %(follower)s"


async def of_stream(
    reader: Reader, stream_id: UUID, *, after: int, upto: int, limit: int = AT_ONCE
) -> list[RawEvent]:
    """A stream's events after a version, up to a position in the log."""
    parameters = {"stream_id": stream_id, "after": after, "upto": upto, "limit": limit}
    return await reader.rows(RawEvent, _OF_STREAM, parameters)


async def of_log(
    reader: Reader, *, after: int, upto: int, owner: UUID | None = None, limit: int = AT_ONCE
) -> list[RawEvent]:
    """Everybody's events, or one owner's, after a position and up to another; `safe_position` is gap-safe."""
    parameters = {"owner": owner, "after": after, "upto": upto, "limit": limit}
    return await reader.rows(RawEvent, _OF_OWNER if owner else _OF_ALL, parameters)


async def whole_stream(reader: Reader, stream_id: UUID, *, upto: int) -> AsyncIterator[RawEvent]:
    """All of a stream up to a position."""
    after = 0
    while events := await of_stream(reader, stream_id, after=after, upto=upto):
        for event in events:
            yield event
        after = events[-1].version


async def whole_log(
    reader: Reader, *, after: int, upto: int, owner: UUID | None = None
) -> AsyncIterator[RawEvent]:
    """All of the log, or of one owner's events, between two positions."""
    while events := await of_log(reader, after=after, upto=upto, owner=owner):
        for event in events:
            yield event
        after = events[-1].position


async def safe_position(reader: Reader) -> int:
    """Up to here no event can come to light any more: a follower has been there."""
    found = await reader.row(_Position, _SAFE, {"follower": STATEMENT})
    return found.position if found else 0
