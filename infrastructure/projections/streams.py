"""Folding whole streams, or all of an owner's, one after the other: no row is looked up, each is written once."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow
from psycopg.types.string import ByteaBinaryLoader

from application.projections.fold import Parked, digest, stream_name
from application.projections.projection import Apart, Key, Projection, Unit
from application.recorded import Recorded
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import COLUMNS

CHUNK = 5000
"""Events read at a time: a chunk's rows are written in some tens of milliseconds, and few are in memory."""
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
"""The lowest and the highest id there can be."""
COLUMN = {Unit.STREAM: "originator_id", Unit.OWNER: "owner"}
"""What tells whose events they are. Both have an index, with the order of their events."""
_ORDER = {Unit.STREAM: "originator_version", Unit.OWNER: "position"}

_PLACE = {Unit.STREAM: (1, 2), Unit.OWNER: (6, 0)}
"""Where in a row those two are; reader.COLUMNS tells the order."""
_READ = f"""
    SELECT {COLUMNS} FROM event_store.events
    WHERE ({{unit}}, {{order}}) > (%s, %s) AND {{unit}} <= %s AND topic = ANY(%s) AND position <= %s
    ORDER BY {{unit}}, {{order}} LIMIT %s
"""  # noqa: S608 - constant
_READ_SOME = f"""
    SELECT {COLUMNS} FROM event_store.events
    WHERE {{unit}} = ANY(%s) AND topic = ANY(%s) AND position <= %s
    ORDER BY {{unit}}, {{order}}
"""  # noqa: S608 - constant

WHOSE = {Unit.STREAM: attrgetter("stream_id"), Unit.OWNER: attrgetter("owner")}


class _Ids(dict[bytes, UUID]):
    """Makes one object of an id that comes again and again, as those of streams and owners do.

    It takes less time than making it anew, and looking it up in a fold's rows then is half the work.
    """

    def __missing__(self, stored: bytes) -> UUID:
        made = self[stored] = UUID(bytes=stored)
        return made


class NoKeys(Keyring):
    """What a fold has for a keyring: it carries sealed texts along, and opens none."""

    def __init__(self) -> None:
        """It needs no database and no master key."""

    def seal(self, key_id: UUID, text: str) -> str:  # noqa: ARG002 - the keyring's signature
        raise PermissionError("a projection has no keys")

    def open(self, token: str) -> str:  # noqa: ARG002 - the keyring's signature
        raise PermissionError("a projection has no keys")


class Folded(NamedTuple):
    """Some streams, or owners, folded from their beginnings."""

    rows: dict[Key, Any]
    parked: list[Parked]
    events: int
    next: UUID | None
    """The first that is not among them; None after the last."""


class NotApart(Exception):
    """The rows of this projection may follow from anybody's events, so they cannot be folded apart."""

    def __init__(self, read_model: str) -> None:
        super().__init__(read_model)
        self.read_model = read_model

    def __str__(self) -> str:
        return (
            f"the rows of {self.read_model} may follow from anybody's events: rebuild it, which compares all"
        )


def apart(projection: Projection[Any]) -> Apart:
    """What its rows are folded apart by. Raises NotApart."""
    if projection.table.apart is None:
        raise NotApart(projection.table.versioned_name)
    return projection.table.apart


class StreamFolder:
    """Folds the events up to a position of a projection whose rows are apart by stream, or by owner."""

    def __init__(self, projection: Projection[Any], *, upto: int) -> None:
        self._projection = projection
        self._upto = upto
        self._topics = sorted(projection.events)
        by = apart(projection).by
        self._whose, self._place = WHOSE[by], _PLACE[by]
        columns = {"unit": COLUMN[by], "order": _ORDER[by]}
        self._read_range, self._read_some = _READ.format(**columns), _READ_SOME.format(**columns)
        self._mapper = EventMapper(NoKeys())

    def fold(
        self, connection: psycopg.Connection[TupleRow], first: UUID, last: UUID = LAST
    ) -> Iterator[Folded]:
        """All from `first` to `last`, a chunk at a time.

        Of a stream that is longer than a chunk only its rows are kept in memory meanwhile.
        """
        id_place, order_place = self._place
        unfinished = _Fold(self._projection)
        after: tuple[UUID, int] = (first, -1)
        events = 0
        while True:
            rows = self._read(connection, self._read_range, [*after, last, self._topics, self._upto, CHUNK])
            events += len(rows)
            done: dict[Key, Any] = {}
            parked: list[Parked] = []
            for whose, recorded in groupby(self._recorded(rows), self._whose):
                if whose != unfinished.whose:
                    done.update(unfinished.rows)
                    parked += unfinished.parked
                    unfinished = _Fold(self._projection, whose)
                unfinished.fold(recorded)
            if len(rows) < CHUNK:
                done.update(unfinished.rows)
                yield Folded(done, [*parked, *unfinished.parked], events, None)
                return
            after = UUID(bytes=rows[-1][id_place]), rows[-1][order_place]
            if done or parked:
                yield Folded(done, parked, events, unfinished.whose)
                events = 0

    def fold_these(self, connection: psycopg.Connection[TupleRow], ids: Iterable[UUID]) -> Folded:
        """These at once."""
        rows = self._read(connection, self._read_some, [list(ids), self._topics, self._upto])
        folded = _Fold(self._projection)
        folded.fold(self._recorded(rows))
        return Folded(folded.rows, folded.parked, len(rows), None)

    def park(self, connection: psycopg.Connection[TupleRow], whose: UUID, error: Exception) -> list[Parked]:
        """All of one whose rows the table refuses, with the reason at its first event."""
        rows = self._read(connection, self._read_some, [[whose], self._topics, self._upto])
        events = list(self._recorded(rows))
        names = frozenset({stream_name(recorded) for recorded in events})
        return [Parked(recorded, names, None if number else error) for number, recorded in enumerate(events)]

    def _read(
        self, connection: psycopg.Connection[TupleRow], statement: str, parameters: list[Any]
    ) -> list[TupleRow]:
        # Planned anew each time, since a plan for any range of streams is not the best for this one.
        with connection.cursor(binary=True) as cursor:
            cursor.adapters.register_loader("uuid", ByteaBinaryLoader)
            return cursor.execute(statement, parameters, prepare=False).fetchall()

    def _recorded(self, rows: Iterable[TupleRow]) -> Iterator[Recorded]:
        """One after the other, since what the processor's cache holds is folded in half the time."""
        ids, recorded = _Ids(), self._mapper.recorded
        for position, stream_id, version, topic, state, metadata, owner, recorded_at in rows:
            whose = None if owner is None else ids[owner]
            yield recorded(position, ids[stream_id], version, topic, state, metadata, whose, recorded_at)


class _Fold:
    """A stream, or an owner, while it is folded."""

    def __init__(self, projection: Projection[Any], whose: UUID | None = None) -> None:
        self.whose = whose
        self.rows: dict[Key, Any] = {}
        self.parked: list[Parked] = []
        self._projection = projection
        self._blocked: set[str] = set()

    def fold(self, events: Iterable[Recorded]) -> None:
        self.parked += digest(self._projection, self.rows, events, self._blocked).parked
