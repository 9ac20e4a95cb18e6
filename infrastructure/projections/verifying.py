"""Whether a read model's rows are what its streams say: folded anew, in one snapshot, and compared."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg import sql
from psycopg.rows import TupleRow

from application.projections.fold import Parked
from application.projections.projection import Key, Projection
from infrastructure.following import checkpoints
from infrastructure.projections import parking
from infrastructure.projections.columns import Columns
from infrastructure.projections.filling import connect
from infrastructure.projections.rows import READ_MODELS, StoredRows
from infrastructure.projections.shadow import SHOWN, Difference
from infrastructure.projections.streams import FIRST, StreamFolder

FEWEST = 1_000
"""Streams of a sample, at the least (all, if there are no more)."""
SHARE = 0.01
"""Of all streams that a sample has, at the least."""
_TOGETHER = 200
"""Streams of a sample that are folded at a time."""

_STREAMS = """
    SELECT DISTINCT originator_id FROM event_store.events
    WHERE originator_version <= 1 AND split_part(topic, '.', 1) = ANY(%s) AND position <= %s
"""
_SAMPLE = f"""
    WITH streams AS MATERIALIZED ({_STREAMS})
    SELECT originator_id FROM streams ORDER BY random()
    LIMIT greatest(%s, ceil(%s * (SELECT count(*) FROM streams)))
"""  # noqa: S608 - constant


class Verified(Struct, frozen=True):
    read_model: str
    position: int
    """As of which it was verified: where its follower was at that moment."""
    whole: bool
    """Whether all streams were folded; a sample does not see rows that no event explains."""
    events: int
    rows: int
    """As the events say."""
    differing: int
    parked: int
    """Events that it lacks, and that are listed as such: their rows are not compared."""
    shown: list[Difference]


class CannotVerify(Exception):
    """Its rows follow from several streams, so it is verified by rebuilding it, which compares all rows."""

    def __init__(self, read_model: str) -> None:
        super().__init__(read_model)
        self.read_model = read_model

    def __str__(self) -> str:
        return f"the rows of {self.read_model} follow from several streams: rebuild it, which compares all"


def verify(
    direct_url: str,
    projection: Projection[Any],
    *,
    sample: bool = False,
    watch: Callable[[int], None] = lambda _events: None,
) -> Verified:
    """Fold all its streams, or a sample of them, and compare. Writes nothing. Raises CannotVerify."""
    if projection.table.stream is None:
        raise CannotVerify(projection.table.versioned_name)
    with connect(direct_url, projection.table.versioned_name) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return _Verification(connection, projection, watch).run(sample=sample)


class _Verification:
    def __init__(
        self,
        connection: psycopg.Connection[TupleRow],
        projection: Projection[Any],
        watch: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._projection = projection
        self._table = projection.table
        self._watch = watch
        self._name = projection.table.versioned_name
        self._position = checkpoints.position_of(connection, self._name) or 0
        self._folder = StreamFolder(projection, upto=self._position)
        self._stored = StoredRows(projection.table)
        self._columns = Columns(projection.table.row)
        self._left_out = parking.blocked(connection, self._name, READ_MODELS)
        self._events = self._rows = self._matched = self._differing = 0
        self._shown: list[Difference] = []

    def run(self, *, sample: bool) -> Verified:
        chunks = self._sampled() if sample else self._all()
        for rows, parked, events in chunks:
            self._events += events
            self._rows += len(rows)
            self._compare(rows, parked)
            self._watch(self._events)
        if not sample:
            self._find_unexplained()
        return Verified(
            self._name,
            self._position,
            not sample,
            self._events,
            self._rows,
            self._differing,
            len(parking.positions(self._connection, self._name, READ_MODELS, after=0, limit=1_000_000)),
            self._shown,
        )

    def _all(self) -> Iterator[tuple[dict[Key, Any], list[Parked], int]]:
        for folded in self._folder.fold(self._connection, FIRST):
            yield folded.rows, folded.parked, folded.events

    def _sampled(self) -> Iterator[tuple[dict[Key, Any], list[Parked], int]]:
        aggregates = sorted({name.partition(".")[0] for name in self._projection.events})
        streams = [
            stream_id
            for (stream_id,) in self._connection.execute(_SAMPLE, [aggregates, self._position, FEWEST, SHARE])
        ]
        for first in range(0, len(streams), _TOGETHER):
            folded = self._folder.fold_these(self._connection, streams[first : first + _TOGETHER])
            yield folded.rows, folded.parked, folded.events

    def _compare(self, rows: dict[Key, Any], parked: list[Parked]) -> None:
        left_out = self._left_out.union(*(event.keys for event in parked))
        there = self._stored.load(self._connection, rows.keys())
        self._matched += len(there)
        for key, row in rows.items():
            live, right = there.get(key), self._columns.stored(row)
            found = None if live is None else self._columns.stored(live)
            if found != right and not self._is_left_out(key, row, left_out):
                self._differ(key, found, right)

    def _is_left_out(self, key: Key, row: Any, left_out: set[str]) -> bool:
        stream_id = self._stream_of(row)
        return bool(left_out) and not left_out.isdisjoint({"/".join(map(str, key)), f"stream {stream_id}"})

    def _find_unexplained(self) -> None:
        """Rows that no event explains; looked for only when there are more rows than that."""
        table = sql.Identifier(READ_MODELS, self._name)
        ((stored,),) = self._connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchall()
        if stored == self._matched:
            return
        statement = sql.SQL("SELECT {} FROM {}").format(
            sql.SQL(", ").join(map(sql.Identifier, self._table.columns)), table
        )
        with self._connection.cursor("rows", binary=True) as cursor:
            cursor.itersize = _TOGETHER
            cursor.execute(statement)
            while found := cursor.fetchmany(_TOGETHER):
                self._explain([self._columns.row(values) for values in found])

    def _explain(self, rows: list[Any]) -> None:
        folded = self._folder.fold_these(self._connection, {self._stream_of(row) for row in rows})
        for row in rows:
            key = tuple(getattr(row, column) for column in self._table.key)
            left_out = self._left_out.union(*(event.keys for event in folded.parked))
            if key not in folded.rows and not self._is_left_out(key, row, left_out):
                self._differ(key, self._columns.stored(row), None)

    def _differ(self, key: Key, live: tuple[Any, ...] | None, right: tuple[Any, ...] | None) -> None:
        self._differing += 1
        if len(self._shown) < SHOWN:
            told = [None if row is None else list(row) for row in (live, right)]
            self._shown.append(Difference(list(key), *told))

    def _stream_of(self, row: Any) -> UUID:
        if self._table.stream is None:
            raise CannotVerify(self._name)
        return self._table.stream(row)
