"""What all aggregates share: event names that do not depend on modules, and whose each event is."""

from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate as LibraryAggregate
from eventsourcing.domain import AggregateCreated, AggregateEvent, CanMutateAggregate
from eventsourcing.utils import register_topic


class Aggregate(LibraryAggregate):
    """The root of a consistency boundary; its history is one stream in the event store.

    Subclasses decide in public methods and evolve in private ones marked `@event`. Each event they
    define is stored under the name `Aggregate.Event`, registered as soon as the class exists, so that a
    fresh process can read what another one wrote.
    """

    class Event(AggregateEvent):
        """Something that happened to this aggregate."""

    class Created(Event, AggregateCreated):
        """The event that begins the aggregate's stream."""

    events: ClassVar[dict[str, type[CanMutateAggregate[UUID]]]] = {}
    """Every event class of every aggregate, by its stored name."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._name(cls, cls.__name__)
        for name, member in tuple(vars(cls).items()):
            if name not in ("Event", "Created") and _is_event(member):
                cls._name(member, f"{cls.__name__}.{name}")
                Aggregate.events[f"{cls.__name__}.{name}"] = member

    @staticmethod
    def _name(named: Any, topic: str) -> None:
        named.TOPIC = topic
        register_topic(topic, named)

    @property
    def owner(self) -> UUID | None:
        """The id of the user whose aggregate this is, or None if it belongs to nobody."""
        raise NotImplementedError

    @property
    def key_id(self) -> UUID | None:
        """With whose key its personal texts are sealed: its owner's, unless it says otherwise."""
        return self.owner


def _is_event(member: Any) -> bool:
    return isinstance(member, type) and issubclass(member, CanMutateAggregate)
