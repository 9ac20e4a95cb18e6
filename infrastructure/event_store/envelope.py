"""A stored event with its envelope: whose it is, and who did it because of what."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

from application.context import Context


@dataclass(frozen=True)
class Envelope(StoredEvent):
    """What our own application hands to the recorder; the library's own applications hand in less."""

    owner: UUID | None
    metadata: bytes


class Metadata(msgspec.Struct, frozen=True):
    """Stored beside every event, as JSON."""

    actor: str
    cause: str
    correlation: str


UNKNOWN = Metadata("unknown", "unknown", "unknown")
"""Of events that an application of the library's recorded without saying who acted."""

_decoder = msgspec.json.Decoder(Metadata)


def encode_metadata(context: Context) -> bytes:
    return msgspec.json.encode(Metadata(context.actor, context.cause, context.correlation))


def decode_metadata(stored: bytes) -> Metadata:
    return _decoder.decode(stored) if stored else UNKNOWN
