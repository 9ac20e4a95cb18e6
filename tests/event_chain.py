"""The hash of an event, computed anew from the comment on event_store.event_hash."""

import struct
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

BEGINNING = bytes(32)
"""What the first event of a stream follows."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def chained(
    previous: bytes,
    position: int,
    stream: UUID,
    version: int,
    topic: str,
    state: bytes,
    metadata: bytes,
    owner: UUID | None,
    recorded_at: datetime,
) -> bytes:
    """The hash of an event that follows the one with the hash `previous` in its stream."""
    since = recorded_at - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    fields: list[bytes | None] = [
        struct.pack(">q", position),
        stream.bytes,
        struct.pack(">q", version),
        topic.encode(),
        state,
        metadata,
        owner.bytes if owner else None,
        struct.pack(">q", microseconds),
    ]
    hashed = sha256(previous)
    for field in fields:
        hashed.update(struct.pack(">i", -1) if field is None else struct.pack(">i", len(field)) + field)
    return hashed.digest()
