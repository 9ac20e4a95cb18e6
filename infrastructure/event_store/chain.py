"""The hash that chains an event to the one before it in its stream, computed outside of the database.

migrations/versions/0001_event_store.up.sql computes the same when it appends; docs/verifying.md tells outsiders.
"""

import struct
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

BEGINNING = bytes(32)
"""What a stream's first event follows, and the first anchor."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ChainedEvent(Protocol):
    """An event with all that its hash is made from, and that hash as it is stored."""

    @property
    def position(self) -> int: ...
    @property
    def stream_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def state(self) -> bytes: ...
    @property
    def metadata(self) -> bytes: ...
    @property
    def owner(self) -> UUID | None: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def hash(self) -> bytes: ...


def fields_of(event: ChainedEvent) -> bytes:
    """What is hashed of an event, after the previous hash."""
    return hashed_fields(
        integer(event.position),
        event.stream_id.bytes,
        integer(event.version),
        event.topic.encode(),
        event.state,
        event.metadata,
        event.owner.bytes if event.owner else None,
        integer(microseconds(event.recorded_at)),
    )


def hashed_fields(*fields: bytes | None) -> bytes:
    """Each field after its length in 4 bytes, big-endian; -1 stands for null."""
    return b"".join(
        struct.pack(">i", -1) if field is None else struct.pack(">i", len(field)) + field for field in fields
    )


def integer(number: int) -> bytes:
    return struct.pack(">q", number)


def microseconds(moment: datetime) -> int:
    """Since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND
