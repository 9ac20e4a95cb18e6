"""Rebuilding a read model while the old one serves: filled apart, compared, swapped, resumed where it was."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import structlog
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow

from application.projections.projection import Projection
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import LogReader, Watermark
from infrastructure.following import checkpoints
from infrastructure.projections import parking, rebuilds
from infrastructure.projections.digesting import Digester
from infrastructure.projections.filling import connect, fill, fill_as_child
from infrastructure.projections.rebuilds import FILLING, FOLLOWING, INDEXING, JOINED, WANTED, Begun
from infrastructure.projections.rows import SHADOW
from infrastructure.projections.shadow import Differences, Shadow
from infrastructure.projections.streams import COLUMN, FIRST, LAST, NoKeys, apart

BATCH = 1000
"""Events that follow at a time, once the parts are filled; and how near it comes before it joins."""
FAR = 10_000
"""Positions by which a follower is behind before a rebuild overtakes it, as with a new table's version."""
PART = 5_000
"""Events of a part, at the least."""
_MOST_PARTS = 64
"""Of the longest log."""
_GLANCE = 0.2
"""Seconds between two looks at how far the parts are."""

_COUNT = """
    SELECT count(*) FROM event_store.events WHERE topic = ANY(%s) AND position <= %s
"""
_BOUNDS = """
    SELECT percentile_disc(%s::float8[]) WITHIN GROUP (ORDER BY {unit})
    FROM event_store.events TABLESAMPLE SYSTEM (%s) WHERE topic = ANY(%s) AND {unit} IS NOT NULL
"""

log = structlog.get_logger()


class Doing(Struct, frozen=True):
    """How far a rebuild is."""

    read_model: str
    step: str
    done: int
    """Events."""
    of: int


class Rebuilt(Struct, frozen=True):
    """What came of it."""

    read_model: str
    swapped: bool
    """False when the tables differ and nobody accepted that: the old one serves on."""
    events: int
    seconds: float
    compared: Differences | None
    """None when the follower had not come so far, and there was nothing to compare with."""
    parked: int
    """Events that the new table lacks."""


class RebuildRunning(Exception):
    """Somebody else is rebuilding it right now."""

    def __init__(self, read_model: str) -> None:
        super().__init__(read_model)
        self.read_model = read_model

    def __str__(self) -> str:
        return f"{self.read_model} is being rebuilt by somebody else"


class Broken(Exception):
    """The follower could not write the shadow table."""


def _silently(_doing: Doing) -> None:
    """Nobody watches."""


class Rebuild:
    """Of one projection. Run again after whatever ended it, it goes on where it was."""

    def __init__(
        self,
        projection: Projection[Any],
        *,
        direct_url: str,
        processes: int,
        watch: Callable[[Doing], None] = _silently,
        part: int = PART,
    ) -> None:
        """With one process it does all work itself. Parts of fewer events are for short logs."""
        self._projection = projection
        self._name = projection.table.versioned_name
        self._url = direct_url
        self._processes = processes
        self._watch = watch
        self._part = part
        self._shadow = Shadow(projection.table)
        self._digester = Digester(projection, SHADOW)
        self._reader = LogReader(EventMapper(NoKeys()))

    def run(self, *, accept: bool = False) -> Rebuilt:
        """Rebuild, and swap if both tables say the same, or if `accept` says that they need not.

        Raises RebuildRunning, or SwapBlocked.
        """
        began = time.monotonic()
        with connect(self._url, self._name) as connection, self._alone(connection):
            begun = self._resumed(connection) or self._begun(connection)
            if begun.step == FILLING:
                self._fill(connection, begun)
            if self._step(connection) == INDEXING:
                self._index(connection, begun)
            overtaken = self._overtaken(connection) if self._step(connection) == FOLLOWING else None
            compared = None
            if overtaken is None:
                self._follow(connection, begun)
                compared = self._compare(connection)
            swap = accept or overtaken is not None or compared is None or not compared.differing
            parked = len(parking.positions(connection, self._name, SHADOW, after=0, limit=1_000_000))
            if swap:
                self._watch(Doing(self._name, "swapping", begun.events, begun.events))
                self._shadow.swap(connection, checkpoint=overtaken)
                log.info("rebuild.swapped", read_model=self._name)
        return Rebuilt(self._name, swap, begun.events, round(time.monotonic() - began, 3), compared, parked)

    def abandon(self) -> bool:
        """Throw away what it has done so far; False if it was not begun. Raises RebuildRunning."""
        with connect(self._url, self._name) as connection, self._alone(connection):
            begun = rebuilds.find(connection, self._name) is not None
            self._throw_away(connection)
        return begun

    def _resumed(self, connection: Connection[TupleRow]) -> Begun | None:
        """What was begun before, unless its rows cannot be gone on with."""
        begun = rebuilds.find(connection, self._name)
        if begun is None or begun.step == WANTED:
            return None
        same = begun.fold == rebuilds.fold_of(self._projection) and begun.error is None
        if same and self._shadow.fits(connection):
            log.info("rebuild.resumed", read_model=self._name, step=begun.step)
            return begun
        log.info("rebuild.begins_anew", read_model=self._name, error=begun.error)
        return None

    def _begun(self, connection: Connection[TupleRow]) -> Begun:
        upto = self._first_goal(connection)
        topics = sorted(self._projection.events)
        ((events,),) = connection.execute(_COUNT, [topics, upto]).fetchall()
        has_parts = self._projection.table.apart is not None
        parts = self._parts(connection, topics, events) if has_parts else []
        step = FILLING if has_parts else INDEXING
        with connection.transaction():
            checkpoints.hold(connection, self._name)  # its follower may be writing the shadow table
            self._shadow.create(connection)
            parking.forget(connection, self._name, SHADOW)
            rebuilds.begin(
                connection,
                self._projection,
                step=step,
                position=upto if has_parts else 0,
                events=events,
                parts=parts,
            )
        log.info("rebuild.begins", read_model=self._name, events=events, upto=upto)
        return rebuilds.get(connection, self._name)

    def _first_goal(self, connection: Connection[TupleRow]) -> int:
        """Where its follower is, so that both can be compared; the end of the log if that is far off."""
        with _watermark(self._url) as watermark:
            end = watermark.next(patience=60)
        position = checkpoints.position_of(connection, self._name)
        return end if position is None or end - position > FAR else min(position, end)

    def _parts(
        self, connection: Connection[TupleRow], topics: list[str], events: int
    ) -> list[tuple[UUID, UUID]]:
        """Ranges of ids with about as many events each, by a sample."""
        bounds_of = _BOUNDS.format(unit=COLUMN[apart(self._projection).by])
        count = max(1, min(_MOST_PARTS, events // self._part))
        shares = [number / count for number in range(1, count)]
        percent = min(100.0, 5_000_000 / max(events, 1))
        ((found,),) = connection.execute(bounds_of, [shares, percent, topics]).fetchall()
        bounds = sorted({bound for bound in found or () if bound not in (None, FIRST)})
        firsts = [FIRST, *bounds]
        lasts = [*(UUID(int=bound.int - 1) for bound in bounds), LAST]
        return list(zip(firsts, lasts, strict=True))

    def _fill(self, connection: Connection[TupleRow], begun: Begun) -> None:
        while rebuilds.open_parts(connection, self._name):
            if min(self._processes, len(rebuilds.open_parts(connection, self._name))) == 1:
                fill(self._url, self._projection, begun.position)
            else:
                self._fill_in_processes(connection, begun)
            self._tell(connection, FILLING, begun)
        rebuilds.move(connection, self._name, step=INDEXING, position=begun.position)

    def _fill_in_processes(self, connection: Connection[TupleRow], begun: Begun) -> None:
        context = multiprocessing.get_context("spawn")
        arguments = (self._url, self._projection, begun.position)
        children = [
            context.Process(target=fill_as_child, args=arguments, daemon=True) for _ in range(self._processes)
        ]
        for child in children:
            child.start()
        try:
            while any(child.is_alive() for child in children):
                for child in children:
                    child.join(_GLANCE / len(children))
                self._tell(connection, FILLING, begun)
        finally:
            for child in children:
                child.terminate()
                child.join()
        if all(child.exitcode for child in children):
            raise Broken(f"the processes that fill {self._name} ended with {children[0].exitcode}")

    def _index(self, connection: Connection[TupleRow], begun: Begun) -> None:
        self._tell(connection, INDEXING, begun)
        self._shadow.index(connection)
        position = begun.position
        rebuilds.move(connection, self._name, step=FOLLOWING, position=position)

    def _overtaken(self, connection: Connection[TupleRow]) -> int | None:
        """Where the new table is, if its follower has not come so far and has to go on from there."""
        begun = rebuilds.find(connection, self._name)
        position = checkpoints.position_of(connection, self._name)
        if begun is None or (position is not None and position >= begun.position):
            return None
        return begun.position

    def _follow(self, connection: Connection[TupleRow], begun: Begun) -> None:
        """Do what its follower did meanwhile, then have the follower do both."""
        while self._step(connection) == FOLLOWING:
            self._tell(connection, FOLLOWING, begun)
            with connection.transaction():
                live = checkpoints.position_of(connection, self._name) or 0
                near = live - self._position(connection) <= BATCH
                if near:
                    live = checkpoints.hold(connection, self._name) or 0
                after = self._position(connection)
                batch = self._reader.read(
                    connection, after=after, upto=live, names=self._projection.events, limit=BATCH
                )
                if batch:
                    self._digester.digest(connection, batch)
                reached = batch[-1].position if len(batch) == BATCH else live
                step = JOINED if near and reached == live else FOLLOWING
                rebuilds.move(connection, self._name, step=step, position=reached)

    def _compare(self, connection: Connection[TupleRow]) -> Differences:
        compared = self._shadow.compare(connection)
        rebuilds.differ(connection, self._name, compared.differing)
        if not rebuilds.joined(connection, self._name):
            raise Broken(f"{self._name}: its follower could not write the new table; rebuild it again")
        return compared

    def _throw_away(self, connection: Connection[TupleRow]) -> None:
        with connection.transaction():
            checkpoints.hold(connection, self._name)
            rebuilds.end(connection, self._name)
            parking.forget(connection, self._name, SHADOW)
        self._shadow.drop(connection)

    def _step(self, connection: Connection[TupleRow]) -> str:
        begun = rebuilds.find(connection, self._name)
        return begun.step if begun else ""

    def _position(self, connection: Connection[TupleRow]) -> int:
        begun = rebuilds.find(connection, self._name)
        return begun.position if begun else 0

    def _tell(self, connection: Connection[TupleRow], step: str, begun: Begun) -> None:
        done = rebuilds.folded(connection, self._name) if step == FILLING else begun.events
        self._watch(Doing(self._name, step, done, begun.events))

    @contextmanager
    def _alone(self, connection: Connection[TupleRow]) -> Iterator[None]:
        """The lock goes with the connection, so nobody who died stands in the way."""
        lock = [f"rebuild {self._name}"]
        ((mine,),) = connection.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", lock
        ).fetchall()
        if not mine:
            raise RebuildRunning(self._name)
        yield
        # The server may take a moment to notice that a connection was closed, and somebody may wait for this.
        connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", lock)


@contextmanager
def _watermark(url: str) -> Iterator[Watermark]:
    watermark = Watermark(url)
    try:
        yield watermark
    finally:
        watermark.close()
