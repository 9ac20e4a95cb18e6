"""The aggregates' histories in PostgreSQL: the library's application, with our mapper and our envelope."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast
from uuid import UUID

from eventsourcing.application import Application, ProcessingEvent
from eventsourcing.persistence import InfrastructureFactory, Mapper, RecordConflictError, Recording
from eventsourcing.utils import Environment

from application.context import current
from application.errors import ConcurrentChange, NotFound
from domain.aggregate import Aggregate
from infrastructure.event_store.envelope import encode_metadata
from infrastructure.event_store.factory import Factory
from infrastructure.event_store.mapper import Event, EventMapper
from infrastructure.event_store.memory import Memory, Remembered, copied
from infrastructure.event_store.snapshots import EVERY, Snapshots, restored, state_of
from infrastructure.postgres.database import Database

A = TypeVar("A", bound=Aggregate)
_Version = tuple[int, bytes]
_Event = tuple[int, str, bytes]

# Both in one round trip: most streams are short and have no snapshot. The snapshot's version is below all others.
_LOAD = """
    WITH snapshot AS MATERIALIZED (
        SELECT originator_version, topic, state FROM event_store.snapshots
        WHERE originator_id = %(id)s AND topic = %(snapshot)s
        ORDER BY originator_version DESC LIMIT 1
    )
    SELECT true, originator_version, topic, state FROM snapshot
    UNION ALL
    SELECT false, originator_version, topic, state FROM event_store.events
    WHERE originator_id = %(id)s
      AND originator_version > coalesce((SELECT originator_version FROM snapshot), -1)
    ORDER BY originator_version
"""
_AFTER = """
    SELECT false, originator_version, topic, state FROM event_store.events
    WHERE originator_id = %(id)s AND originator_version > %(version)s ORDER BY originator_version
"""


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
        aggregates = cast("dict[UUID, Aggregate]", processing_event.aggregates)
        envelopes = [
            self._mapper.envelope(
                cast(Event, event),
                owner=aggregates[event.originator_id].owner,
                key_id=aggregates[event.originator_id].key_id,
                metadata=metadata,
            )
            for event in processing_event.events
        ]
        if positions := self.recorder.insert_events(envelopes):
            current().position = max(positions)
        return []


class EventSourcedStore:
    """Keeps aggregates as their events. `on_commit` is called once what was saved is durable."""

    def __init__(self, database: Database, mapper: EventMapper, on_commit: Callable[[], None]) -> None:
        self._database = database
        self._mapper = mapper
        self._snapshots = Snapshots(database, mapper.keyring)
        self._memory = Memory()
        self._application = _StageInSeconds(database, mapper)
        self._on_commit = on_commit

    def get(self, kind: type[A], aggregate_id: UUID) -> A:
        """The aggregate as of now. Raises NotFound, also when the id is another kind's."""
        if (found := self.find(kind, aggregate_id)) is None:
            raise NotFound(kind.__name__, aggregate_id)
        return found

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """The aggregate as of now, or None. One of many events is remembered, and kept, for the next time."""
        aggregate: Any
        if (known := self._memory.recall(kind, aggregate_id)) is not None:
            aggregate, kept = restored(kind, aggregate_id, known.version, known.state), known.kept
            _, events = self._load(_AFTER, {"id": aggregate_id, "version": known.version})
        else:
            snapshot, events = self._load(
                _LOAD, {"id": aggregate_id, "snapshot": self._snapshots.topic(kind)}
            )
            aggregate, kept = None, 0
            if snapshot is not None:
                kept = snapshot[0]
                aggregate = self._snapshots.restored(kind, aggregate_id, *snapshot)
                if aggregate is None:
                    return self.find(kind, aggregate_id)
        for version, topic, state in events:
            aggregate = self._mapper.event(topic, state, aggregate_id, version).mutate(aggregate)
        if not isinstance(aggregate, kind):
            return None
        if aggregate.version >= EVERY:
            self._remember(aggregate, kept)
        return aggregate

    def _remember(self, aggregate: Aggregate, kept: int) -> None:
        """As it is now, though not before the transaction is durable that it was loaded in."""
        version, state = aggregate.version, copied(state_of(aggregate))
        if version - kept >= EVERY:
            self._snapshots.keep(aggregate)
            kept = version
        kind, aggregate_id = type(aggregate), aggregate.id
        self._database.after_commit(
            lambda: self._memory.remember(kind, aggregate_id, Remembered(version, kept, state))
        )

    def _load(self, statement: str, parameters: Any) -> tuple[_Version | None, list[_Event]]:
        snapshot: _Version | None = None
        events: list[_Event] = []
        with self._database.connection() as connection:
            for kept, version, topic, state in connection.execute(statement, parameters, binary=True):
                if kept:
                    snapshot = version, state
                else:
                    events.append((version, topic, state))
        return snapshot, events

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
