"""Between domain events and stored bytes: JSON by msgspec, personal texts sealed, old shapes upcast."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.domain import CanMutateAggregate, DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent
from eventsourcing.utils import get_topic, resolve_topic

from application.recorded import Recorded, Unreadable
from domain.personal import Personal
from infrastructure.event_store.envelope import UNKNOWN, Envelope, decode_metadata
from infrastructure.event_store.keyring import Keyring, Sealed

Event = CanMutateAggregate[UUID]

_NOT_STORED = {"originator_id", "originator_version", "originator_topic", "timestamp"}
"""Fields that the envelope holds, or that follow from it; the library wants them on every event."""


class UnsealedPersonalText(TypeError):
    """An event of an aggregate without a key holds a personal text."""


class EventMapper(Mapper[UUID]):
    """Maps events of our aggregates.

    The state is the event's own fields as a JSON object in the order of their definition, with
    `class_version` added above 1. An event class of a later version upcasts older states in static methods
    `upcast_v1_v2(state)` and so on, as the library's own mapper has it.
    """

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self._decodings: dict[str, _Decoding] = {}

    def envelope(self, event: Event, *, owner: UUID | None, key_id: UUID | None, metadata: bytes) -> Envelope:
        """The event as it is stored, its personal texts sealed with the key of this id.

        Raises UnsealedPersonalText, or KeyDestroyed for a forgotten owner.
        """
        topic = get_topic(type(event))
        state = {name: getattr(event, name) for name in _shape(topic).__struct_fields__}
        if (version := _class_version(type(event))) > 1:
            state["class_version"] = version
        return Envelope(
            originator_id=event.originator_id,
            originator_version=event.originator_version,
            topic=topic,
            state=msgspec.json.encode(state, enc_hook=self._sealing(key_id)),
            owner=owner,
            metadata=metadata,
        )

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """As the library calls it, which knows no owners: for events without personal texts."""
        if not isinstance(domain_event, CanMutateAggregate):
            raise TypeError(f"{type(domain_event).__name__} is not an event of an aggregate")
        return self.envelope(domain_event, owner=None, key_id=None, metadata=b"")

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """The event again; its personal texts stay sealed until somebody asks for them."""
        return self.event(
            stored_event.topic,
            stored_event.state,
            UUID(str(stored_event.originator_id)),
            stored_event.originator_version,
        )

    def event(self, topic: str, state: bytes, originator_id: UUID, version: int) -> Event:
        """A domain event from its stored parts."""
        return (self._decodings.get(topic) or self._decoding(topic)).event(state, originator_id, version)

    def recorded(
        self,
        position: int,
        stream_id: UUID,
        version: int,
        topic: str,
        state: bytes,
        metadata: bytes,
        owner: UUID | None,
        recorded_at: datetime,
    ) -> Recorded:
        """A row of `event_store.events` as followers see it: its columns in the order of reader.COLUMNS.

        An event that today's code cannot decode is Unreadable.
        """
        about = UNKNOWN
        event: Event | Unreadable
        try:
            about = decode_metadata(metadata)
            event = (self._decodings.get(topic) or self._decoding(topic)).event(state, stream_id, version)
        except Exception as error:  # noqa: BLE001 - an upcast may raise anything; whoever reads must be told
            event = Unreadable(error)
        return Recorded(
            position,
            stream_id,
            version,
            topic,
            event,
            owner,
            about.actor,
            about.cause,
            about.correlation,
            recorded_at,
        )

    def _decoding(self, topic: str) -> "_Decoding":
        decoding = self._decodings[topic] = _Decoding(topic, self._unsealing)
        return decoding

    def _sealing(self, key_id: UUID | None) -> Callable[[Any], Any]:
        def seal(text: Any) -> str:
            if not isinstance(text, Personal):
                raise TypeError(f"{type(text).__name__} cannot be stored in an event")
            if key_id is None:
                raise UnsealedPersonalText
            return self.keyring.seal_personal(key_id, text)

        return seal

    def _unsealing(self, wanted: type[Any], token: Any) -> Any:
        if wanted is not Personal:
            raise TypeError(f"{wanted.__name__} cannot be read from an event")
        return Sealed(token, self.keyring)


class _Decoding:
    """How events of one name are made from their states: found out once, since a rebuild makes millions."""

    def __init__(self, topic: str, unsealing: Callable[[type[Any], Any], Any]) -> None:
        self._event_class: type[Event] = resolve_topic(topic)
        self._shape = _shape(topic)
        self._unsealing = unsealing
        self._aggregate = topic.partition(".")[0]
        upcast = _class_version(self._event_class) > 1
        decoder = msgspec.json.Decoder(self._shape, dec_hook=unsealing)
        self._decode = self._upcast if upcast else decoder.decode

    def event(self, state: bytes, originator_id: UUID, version: int) -> Event:
        fields = msgspec.structs.asdict(self._decode(state))
        fields["originator_id"] = originator_id
        fields["originator_version"] = version
        fields["originator_topic"] = self._aggregate
        fields["timestamp"] = None  # when it happened is `recorded_at`, by the database's clock
        event = object.__new__(self._event_class)
        object.__setattr__(event, "__dict__", fields)  # it is frozen for everybody else
        return event

    def _upcast(self, state: bytes) -> msgspec.Struct:
        raw = msgspec.json.decode(state)
        for version in range(raw.pop("class_version", 1), _class_version(self._event_class)):
            getattr(self._event_class, f"upcast_v{version}_v{version + 1}")(raw)
        return msgspec.convert(raw, self._shape, dec_hook=self._unsealing)


@cache
def _shape(topic: str) -> type[msgspec.Struct]:
    """A Struct with the event's stored fields: msgspec decodes straight into it, and checks the types."""
    event_class = resolve_topic(topic)
    hints = get_type_hints(event_class)
    return msgspec.defstruct(
        event_class.__name__,
        [
            (field.name, hints[field.name])
            if field.default is dataclasses.MISSING
            else (field.name, hints[field.name], field.default)
            for field in dataclasses.fields(event_class)
            if field.name not in _NOT_STORED
        ],
    )


def _class_version(event_class: type[Event]) -> int:
    version: int = getattr(event_class, "class_version", 1)
    return version
