"""Folding whole streams, one after the other: no row has to be looked up, and each is written once."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import pq
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.rows import TupleRow

from application.projections.fold import Parked, digest, stream_name
from application.projections.projection import Key, Projection
from application.recorded import Recorded
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import COLUMNS

CHUNK = 5000
"""Events read at a time: a chunk's rows are written in some tens of milliseconds, and few are in memory."""
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
"""The lowest and the highest stream id there can be."""

_READ = f"""
    SELECT {COLUMNS} FROM event_store.events
    WHERE (originator_id, originator_version) > (%s, %s) AND originator_id <= %s
      AND topic = ANY(%s) AND position <= %s
    ORDER BY originator_id, originator_version LIMIT %s
"""  # noqa: S608 - constant
_READ_SOME = f"""
    SELECT {COLUMNS} FROM event_store.events
    WHERE originator_id = ANY(%s) AND topic = ANY(%s) AND position <= %s
    ORDER BY originator_id, originator_version
"""  # noqa: S608 - constant

_stream_id = attrgetter("stream_id")


class _SameIds(Loader):
    """Makes one object of an id that comes again and again, as those of streams and owners do.

    It takes less time than making it anew, and looking it up in a fold's rows then is half the work.
    """

    format = pq.Format.BINARY

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._known: dict[bytes, UUID] = {}

    def load(self, data: Buffer) -> UUID:
        stored = bytes(data)
        if (known := self._known.get(stored)) is None:
            known = self._known[stored] = UUID(bytes=stored)
        return known


class NoKeys(Keyring):
    """What a fold has for a keyring: it carries sealed texts along, and opens none."""

    def __init__(self) -> None:
        """It needs no database and no master key."""

    def seal(self, key_id: UUID, text: str) -> str:  # noqa: ARG002 - the keyring's signature
        raise PermissionError("a projection has no keys")

    def open(self, token: str) -> str:  # noqa: ARG002 - the keyring's signature
        raise PermissionError("a projection has no keys")


class Folded(NamedTuple):
    """Some streams, folded from their beginnings."""

    rows: dict[Key, Any]
    parked: list[Parked]
    events: int
    next: UUID | None
    """The first stream that is not among them; None after the last."""


class StreamFolder:
    """Folds the streams of a projection whose rows each follow from one, from events up to a position."""

    def __init__(self, projection: Projection[Any], *, upto: int) -> None:
        self._projection = projection
        self._upto = upto
        self._topics = sorted(projection.events)
        self._mapper = EventMapper(NoKeys())

    def fold(
        self, connection: psycopg.Connection[TupleRow], first: UUID, last: UUID = LAST
    ) -> Iterator[Folded]:
        """All streams from `first` to `last`, a chunk at a time.

        Of a stream that is longer than a chunk only its rows are kept in memory meanwhile.
        """
        open_stream = _Stream(self._projection)
        after: tuple[UUID, int] = (first, -1)
        events = 0
        while True:
            rows = self._read(connection, _READ, [*after, last, self._topics, self._upto, CHUNK])
            events += len(rows)
            done: dict[Key, Any] = {}
            parked: list[Parked] = []
            for stream_id, recorded in groupby(map(self._mapper.recorded, rows), _stream_id):
                if stream_id != open_stream.stream_id:
                    done.update(open_stream.rows)
                    parked += open_stream.parked
                    open_stream = _Stream(self._projection, stream_id)
                open_stream.fold(recorded)
            if len(rows) < CHUNK:
                done.update(open_stream.rows)
                yield Folded(done, [*parked, *open_stream.parked], events, None)
                return
            after = rows[-1][1], rows[-1][2]
            if done or parked:
                yield Folded(done, parked, events, open_stream.stream_id)
                events = 0

    def fold_these(self, connection: psycopg.Connection[TupleRow], streams: Iterable[UUID]) -> Folded:
        """These streams at once."""
        rows = self._read(connection, _READ_SOME, [list(streams), self._topics, self._upto])
        folded = _Stream(self._projection)
        folded.fold(map(self._mapper.recorded, rows))
        return Folded(folded.rows, folded.parked, len(rows), None)

    def park(
        self, connection: psycopg.Connection[TupleRow], stream_id: UUID, error: Exception
    ) -> list[Parked]:
        """All of a stream whose rows the table refuses, with the reason at its first event."""
        rows = self._read(connection, _READ_SOME, [[stream_id], self._topics, self._upto])
        events = list(map(self._mapper.recorded, rows))
        names = frozenset({stream_name(recorded) for recorded in events})
        return [Parked(recorded, names, None if number else error) for number, recorded in enumerate(events)]

    def _read(
        self, connection: psycopg.Connection[TupleRow], statement: str, parameters: list[Any]
    ) -> list[TupleRow]:
        # Planned anew each time, since a plan for any range of streams is not the best for this one.
        with connection.cursor(binary=True) as cursor:
            cursor.adapters.register_loader("uuid", _SameIds)
            return cursor.execute(statement, parameters, prepare=False).fetchall()


class _Stream:
    """A stream while it is folded."""

    def __init__(self, projection: Projection[Any], stream_id: UUID | None = None) -> None:
        self.stream_id = stream_id
        self.rows: dict[Key, Any] = {}
        self.parked: list[Parked] = []
        self._projection = projection
        self._blocked: set[str] = set()

    def fold(self, events: Iterable[Recorded]) -> None:
        self.parked += digest(self._projection, self.rows, events, self._blocked).parked
