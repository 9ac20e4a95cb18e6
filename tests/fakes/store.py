"""The aggregates' histories in memory: saved as their events and replayed from them, as the real one does."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from application.context import current
from application.errors import ConcurrentChange, NotFound
from application.ports import Clock
from application.recorded import Recorded
from domain.aggregate import Aggregate
from tests.fakes.world import World

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True)
class MemoryStore:
    world: World
    clock: Clock

    def get(self, kind: type[A], aggregate_id: UUID) -> A:
        if (found := self.find(kind, aggregate_id)) is None:
            raise NotFound(kind.__name__, aggregate_id)
        return found

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        with self.world.turn:  # or it could see what another transaction may still take back
            stream = self.stream(aggregate_id)
        found: Any = None
        for recorded in stream:
            found = recorded.event.mutate(found)
        return found if isinstance(found, kind) else None

    def save(self, *aggregates: Aggregate) -> None:
        changed = [(aggregate, list(aggregate.collect_events())) for aggregate in aggregates]
        with self.world.transaction():
            if any(events and not self._continues(events[0]) for _, events in changed):
                raise ConcurrentChange
            for aggregate, events in sorted(changed, key=lambda change: change[0].id):
                for event in events:
                    self._append(aggregate, event)

    def transaction(
        self,
        *locked: UUID,  # noqa: ARG002 - one transaction at a time has the whole world to itself
    ) -> AbstractContextManager[None]:
        return self.world.transaction()

    def stream(self, aggregate_id: UUID) -> list[Recorded]:
        """What happened to one aggregate."""
        return [recorded for recorded in self.world.log if recorded.stream_id == aggregate_id]

    def _continues(self, event: Any) -> bool:
        version: int = event.originator_version
        return version == len(self.stream(event.originator_id)) + 1

    def _append(self, aggregate: Aggregate, event: Any) -> None:
        act = current()
        act.position = len(self.world.log) + 1
        self.world.log.append(
            Recorded(
                position=act.position,
                stream_id=aggregate.id,
                version=event.originator_version,
                name=type(event).TOPIC,
                event=event,
                owner=aggregate.owner,
                actor=act.actor,
                cause=act.cause,
                correlation=act.correlation,
                recorded_at=self.clock.now(),
            )
        )
