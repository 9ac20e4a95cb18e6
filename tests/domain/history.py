"""Given events, when command, then events: builds aggregates from their past and tells what is new."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate

from domain.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)

_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_ENVELOPE = {"originator_id", "originator_version", "originator_topic", "timestamp"}


@dataclass(frozen=True)
class Fact:
    """An event without its envelope: only what happened."""

    event: type[CanMutateAggregate[UUID]]
    fields: dict[str, Any]


def fact(event: Any, **fields: Any) -> Fact:
    return Fact(event, fields)


def given(kind: type[A], aggregate_id: UUID, *facts: Fact) -> A:
    """The aggregate to which all this has happened."""
    found: Any = None
    for version, past in enumerate(facts, start=1):
        envelope = {"originator_id": aggregate_id, "originator_version": version, "timestamp": _SOME_TIME}
        if version == 1:
            envelope["originator_topic"] = kind.__name__
        found = past.event(**envelope, **past.fields).mutate(found)
    assert isinstance(found, kind)
    return found


def news(aggregate: Aggregate) -> list[Fact]:
    """What happened to the aggregate since it was given."""
    return [
        Fact(
            type(event),
            {
                field.name: getattr(event, field.name)
                for field in fields(event)  # type: ignore[arg-type]  # the library makes every event a dataclass
                if field.name not in _ENVELOPE
            },
        )
        for event in aggregate.pending_events
    ]


def state(aggregate: Aggregate) -> dict[str, Any]:
    """All that the aggregate remembers, its unsaved events and the times of the library's clock aside."""
    forgotten = {"_pending_events", "_created_on", "_modified_on"}
    return {name: value for name, value in vars(aggregate).items() if name not in forgotten}
