"""The aggregates' histories in PostgreSQL: the library's application, with our mapper and our envelope."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application, ProcessingEvent
from eventsourcing.persistence import InfrastructureFactory, Mapper, RecordConflictError, Recording
from eventsourcing.utils import Environment

from application.context import current
from application.errors import ConcurrentChange, NotFound
from domain.aggregate import Aggregate
from infrastructure.database import Database
from infrastructure.event_store.envelope import encode_metadata
from infrastructure.event_store.factory import Factory
from infrastructure.event_store.mapper import Event, EventMapper

A = TypeVar("A", bound=Aggregate)


class _StageInSeconds(Application[UUID]):
    """The library's application on our persistence module."""

    def __init__(self, database: Database, mapper: EventMapper) -> None:
        self._database = database
        self._mapper = mapper
        super().__init__()

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return Factory(env, self._database)

    def construct_mapper(self) -> Mapper[UUID]:
        return self._mapper

    def _record(self, processing_event: ProcessingEvent[UUID]) -> list[Recording[UUID]]:
        """Record with the envelope that the library does not know: owner, and who acted because of what."""
        metadata = encode_metadata(current())
        owners = {
            aggregate_id: cast(Aggregate, aggregate).owner
            for aggregate_id, aggregate in processing_event.aggregates.items()
        }
        envelopes = [
            self._mapper.envelope(cast(Event, event), owner=owners[event.originator_id], metadata=metadata)
            for event in processing_event.events
        ]
        if positions := self.recorder.insert_events(envelopes):
            current().position = max(positions)
        return []


class EventSourcedStore:
    """Keeps aggregates as their events. `on_commit` is called once what was saved is durable."""

    def __init__(self, database: Database, mapper: EventMapper, on_commit: Callable[[], None]) -> None:
        self._database = database
        self._application = _StageInSeconds(database, mapper)
        self._on_commit = on_commit

    def get(self, kind: type[A], aggregate_id: UUID) -> A:
        """The aggregate as of now. Raises NotFound, also when the id is another kind's."""
        if (found := self.find(kind, aggregate_id)) is None:
            raise NotFound(kind.__name__, aggregate_id)
        return found

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """The aggregate as of now, or None."""
        try:
            found: object = self._application.repository.get(aggregate_id)
        except AggregateNotFoundError:
            return None
        return found if isinstance(found, kind) else None

    def save(self, *aggregates: Aggregate) -> None:
        """Append all new events, all or none. Raises ConcurrentChange.

        Streams are written in the order of their ids: two writers of the same two cannot deadlock.
        """
        try:
            self._application.save(*sorted(aggregates, key=lambda aggregate: aggregate.id))
        except RecordConflictError as error:
            raise ConcurrentChange from error
        self._database.after_commit(self._on_commit)

    def transaction(self, *locked: UUID) -> AbstractContextManager[None]:
        """See application.ports.Store."""
        return self._database.transaction(*locked)
