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
from infrastructure.projections.streams import COLUMN, FIRST, WHOSE, StreamFolder, apart

FEWEST = 1_000
"""Streams of a sample, at the least (all, if there are no more)."""
SHARE = 0.01
"""Of all streams that a sample has, at the least."""
_TOGETHER = 200
"""Streams of a sample that are folded at a time."""

# Every stream begins at 0 or 1, and every owner with a stream.
_STREAMS = """
    SELECT DISTINCT {unit} AS whose FROM event_store.events
    WHERE originator_version <= 1 AND split_part(topic, '.', 1) = ANY(%s) AND position <= %s
"""
_PARKED = """
    SELECT DISTINCT {unit} FROM stage.parked_events JOIN event_store.events USING (position)
    WHERE read_model = %s AND place = %s
"""
_SAMPLE = f"""
    WITH streams AS MATERIALIZED ({_STREAMS})
    SELECT whose FROM streams WHERE whose IS NOT NULL ORDER BY random()
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
    """Events that it lacks, and that are listed as such: whose rows they are is not compared."""
    shown: list[Difference]


def verify(
    direct_url: str,
    projection: Projection[Any],
    *,
    sample: bool = False,
    watch: Callable[[int], None] = lambda _events: None,
) -> Verified:
    """Fold all its streams, or a sample of them, and compare. Writes nothing. Raises NotApart."""
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
        self._apart = apart(projection)
        self._whose = WHOSE[self._apart.by]
        self._stored = StoredRows(projection.table)
        self._columns = Columns(projection.table.row)
        self._left_out = self._whose_events_are_parked()
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
        statement = _SAMPLE.format(unit=COLUMN[self._apart.by])
        streams = [
            whose
            for (whose,) in self._connection.execute(statement, [aggregates, self._position, FEWEST, SHARE])
        ]
        for first in range(0, len(streams), _TOGETHER):
            folded = self._folder.fold_these(self._connection, streams[first : first + _TOGETHER])
            yield folded.rows, folded.parked, folded.events

    def _compare(self, rows: dict[Key, Any], parked: list[Parked]) -> None:
        left_out = self._left_out | {self._whose(event.recorded) for event in parked}
        there = self._stored.load(self._connection, rows.keys())
        self._matched += len(there)
        for key, row in rows.items():
            live, right = there.get(key), self._columns.stored(row)
            found = None if live is None else self._columns.stored(live)
            if found != right and self._apart.of(row) not in left_out:
                self._differ(key, found, right)

    def _whose_events_are_parked(self) -> set[UUID]:
        statement = _PARKED.format(unit=COLUMN[self._apart.by])
        return {whose for (whose,) in self._connection.execute(statement, [self._name, READ_MODELS])}

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
        folded = self._folder.fold_these(self._connection, {self._apart.of(row) for row in rows})
        left_out = self._left_out | {self._whose(event.recorded) for event in folded.parked}
        for row in rows:
            key = tuple(getattr(row, column) for column in self._table.key)
            if key not in folded.rows and self._apart.of(row) not in left_out:
                self._differ(key, self._columns.stored(row), None)

    def _differ(self, key: Key, live: tuple[Any, ...] | None, right: tuple[Any, ...] | None) -> None:
        self._differing += 1
        if len(self._shown) < SHOWN:
            told = [None if row is None else list(row) for row in (live, right)]
            self._shown.append(Difference(list(key), *told))
