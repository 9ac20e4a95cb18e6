"""The aggregates' histories in PostgreSQL: read from where they are remembered, and continued with our envelope."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar
from uuid import UUID

from application.context import current
from application.errors import NotFound
from domain.aggregate import Aggregate
from infrastructure.event_store.envelope import encode_metadata
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.memory import Memory, Remembered, copied
from infrastructure.event_store.recorder import appending
from infrastructure.event_store.snapshots import EVERY, Snapshots, restored, state_of
from infrastructure.postgres.database import Database

A = TypeVar("A", bound=Aggregate)
Row = tuple[bool, int, str, bytes]
"""Whether it is a snapshot, then version, topic and state."""

MANY = 4
"""Events that take longer to replay than the aggregate takes to be remembered anew."""

# Both in one round trip: most streams are short and have no snapshot. The snapshot's version is below all others.
# Of what is remembered only the events `after` that are read; it has no snapshot then, as NULL is no topic.
_HISTORY = """
    WITH snapshot AS MATERIALIZED (
        SELECT originator_version, topic, state FROM event_store.snapshots
        WHERE originator_id = %({of}id)s AND topic = %({of}snapshot)s::text
        ORDER BY originator_version DESC LIMIT 1
    )
    SELECT true AS kept, originator_version, topic, state FROM snapshot
    UNION ALL
    SELECT false, originator_version, topic, state FROM event_store.events
    WHERE originator_id = %({of}id)s
      AND originator_version > coalesce((SELECT originator_version FROM snapshot), %({of}after)s)
    ORDER BY originator_version
"""


def history(of: str = "") -> str:
    """The question for a stream's rows; `of` tells its parameters from others in the same statement."""
    return _HISTORY.format(of=of)


ONE_HISTORY = history()


class EventSourcedStore:
    """Keeps aggregates as their events. `on_commit` is called once what was saved is durable."""

    def __init__(self, database: Database, mapper: EventMapper, on_commit: Callable[[], None]) -> None:
        self._database = database
        self._mapper = mapper
        self._snapshots = Snapshots(database, mapper.keyring)
        self._memory = Memory()
        self._on_commit = on_commit

    def get(self, kind: type[A], aggregate_id: UUID) -> A:
        """The aggregate as of now. Raises NotFound, also when the id is another kind's."""
        if (found := self.find(kind, aggregate_id)) is None:
            raise NotFound(kind.__name__, aggregate_id)
        return found

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """The aggregate as of now, or None. One of many events is remembered, and kept, for the next time."""
        search = self.search(kind, aggregate_id)
        with self._database.reading() as connection:
            rows = connection.execute(ONE_HISTORY, search.parameters(), binary=True).fetchall()
        return search.found(rows)

    def search(self, kind: type[A], aggregate_id: UUID) -> "Search[A]":
        """For a question that asks for more than this aggregate."""
        return Search(self, kind, aggregate_id, self._memory.recall(kind, aggregate_id))

    def restored(
        self, kind: type[A], aggregate_id: UUID, known: Remembered | None, rows: Sequence[Row]
    ) -> A | None:
        """The aggregate that was remembered so, with what the rows tell of since."""
        aggregate: Any = None
        since, events = 0, rows
        if known is not None:
            aggregate, since = restored(kind, aggregate_id, known.version, known.state), known.kept
        elif rows and rows[0][0]:
            (_, since, _, state), *events = rows
            if (aggregate := self._snapshots.restored(kind, aggregate_id, since, state)) is None:
                return self.find(kind, aggregate_id)
        for _, version, topic, state in events:
            aggregate = self._mapper.event(topic, state, aggregate_id, version).mutate(aggregate)
        if not isinstance(aggregate, kind):
            return None
        if len(rows) >= MANY or aggregate.version - since >= EVERY:
            self._remember(aggregate, since)
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

    def save(self, *aggregates: Aggregate) -> None:
        """Append all new events, all or none, a transaction's at its end. Raises ConcurrentChange.

        Streams are written in the order of their ids: two writers of the same two cannot deadlock.
        """
        metadata = encode_metadata(current())
        envelopes = [
            self._mapper.envelope(event, owner=aggregate.owner, key_id=aggregate.key_id, metadata=metadata)
            for aggregate in sorted(aggregates, key=lambda aggregate: aggregate.id)
            for event in aggregate.collect_events()
        ]
        if envelopes:
            self._database.put_off(*appending(envelopes, _appended))
            self._database.after_commit(self._on_commit)

    def transaction(self, *locked: UUID) -> AbstractContextManager[None]:
        """See application.ports.Store."""
        return self._database.transaction(*locked)


class Search(Generic[A]):
    """An aggregate that is looked for, from where it is remembered on."""

    def __init__(
        self, store: EventSourcedStore, kind: type[A], aggregate_id: UUID, known: Remembered | None
    ) -> None:
        self._store, self._kind, self._id, self._known = store, kind, aggregate_id, known

    def parameters(self, of: str = "") -> dict[str, Any]:
        """What `history` wants to know."""
        return {
            f"{of}id": self._id,
            f"{of}after": self._known.version if self._known else -1,
            f"{of}snapshot": None if self._known else Snapshots.topic(self._kind),
        }

    def found(self, rows: Sequence[Row]) -> A | None:
        """The aggregate as these rows of its history have it."""
        return self._store.restored(self._kind, self._id, self._known, rows)


def _appended(position: int) -> None:
    act = current()
    act.position = max(act.position or 0, position)
