"""Rebuilds of a read model while others write and read it, killed again and again: nobody sees a wrong row.

`python -m tests.faults.rebuild_storm [NAME…] --kills N --rate N --seed N` does it with every projection, or those
named, on a server of its own, and exits with 0 when no answer was wrong. test_rebuilds.py does it with one.

An answer is all rows of the table with the position of its checkpoint, read by one prepared statement; it must be
the pure fold of the log up to that very position.
"""

import argparse
import itertools
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import structlog
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from application.projections.fold import digest
from application.projections.projection import Key, Projection
from application.projections.registry import PROJECTIONS
from domain.aggregate import Aggregate
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import LogReader
from infrastructure.projections.columns import Columns
from infrastructure.projections.engine import Projector
from infrastructure.projections.rebuild import Doing, Rebuild, RebuildRunning, Rebuilt
from infrastructure.projections.rows import READ_MODELS
from infrastructure.projections.streams import NoKeys
from tests.application.projections.histories import Play
from tests.infrastructure.following.tally import following, of, until
from tests.infrastructure.following.test_following import NO_REDIS
from tests.infrastructure.projections.parts import END, connected, parts
from tests.infrastructure.projections.test_projector import expected, stored
from tests.servers import Databases, FreshDatabase

RATE = 200
"""Writes a second."""
_PART = 50
"""Events of a part of the rebuild, so that a short log has many."""
_STEPS = 12
"""Of a rebuild, at one of which it is caught."""
_DAWDLING = 0.03
"""Seconds that a rebuild which is caught takes over each further step, so that it does not end before it is killed."""
_LONGEST = 0.15
"""Seconds within which it is killed then: in the middle of whatever it does."""
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])  # imported once, not by each process that is to be killed


@dataclass
class Outcome:
    name: str
    answers: int = 0
    wrong: int = 0
    """Answers that were not the pure fold up to where they said they were."""
    went_back: int = 0
    """Answers that were older than the one before."""
    killed: int = 0
    rebuilt: int = 0
    """Rebuilds that ended, and swapped."""
    writes: int = 0
    seconds: float = 0
    equal: bool = False
    """Whether at last the table is the pure fold of the whole log."""

    @property
    def well(self) -> bool:
        return self.equal and not self.wrong and not self.went_back and self.rebuilt > 0

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.answers:,} answers, {self.wrong} wrong, {self.went_back} older than the one before; "
            f"{self.killed} rebuilds killed, {self.rebuilt} swapped; {self.writes / self.seconds:.0f} writes/s; "
            f"{'equal' if self.equal else 'NOT EQUAL'} to the pure fold"
        )


def storm(
    database: FreshDatabase,
    projection: Projection[Any],
    *,
    kills: int,
    seed: int,
    rate: int = RATE,
    before: int = 300,
) -> Outcome:
    """Have `before` acts of people in the log, then rebuild among writes and reads, killed so many times."""
    outcome = Outcome(projection.table.versioned_name)
    chance = random.Random(seed)
    with parts(database.app_url) as here:
        Play(random.Random(seed), here.store.save).run(before)
        with following(here, database.app_url, NO_REDIS, Projector(projection)) as process:

            def caught_up() -> None:
                end = here.log()[-1].position
                until(lambda: (of(process, outcome.name).position or 0) >= end)

            caught_up()
            with (
                _reading(database.app_url, projection, outcome),
                _writing(database.app_url, seed + 1, rate, outcome),
            ):
                while outcome.killed < kills:
                    _rebuild_until_killed(database.app_url, projection, chance, outcome)
                last = Rebuild(projection, direct_url=database.app_url, processes=1, part=_PART)
                outcome.rebuilt += _run(last).swapped
            caught_up()
        with connected(database.app_url) as connection:
            outcome.equal = stored(connection, projection.table) == expected(projection, here.log())
    return outcome


def _rebuild_until_killed(
    url: str, projection: Projection[Any], chance: random.Random, outcome: Outcome
) -> None:
    """Kill -9 at a random moment after a random step, unless it has ended before."""
    processes = chance.choice([1, 1, 2])  # those that fill side by side take long to start
    caught = _processes.Event()
    arguments = [url, projection, processes, chance.randint(1, _STEPS), caught]
    child = _processes.Process(target=_rebuild, args=arguments)
    child.start()
    while not caught.wait(0.05) and child.is_alive():
        continue
    child.join(chance.uniform(0, _LONGEST))
    if child.is_alive():
        child.kill()
        outcome.killed += 1
    child.join()
    if child.exitcode == 0:
        outcome.rebuilt += 1
    elif child.exitcode != -9:
        raise RuntimeError(f"a rebuild of {outcome.name} ended with {child.exitcode}, differing or broken")


def _rebuild(url: str, projection: Projection[Any], processes: int, at: int, caught: Event) -> None:
    steps = itertools.count(1)

    def watch(_doing: Doing) -> None:
        if next(steps) == at:
            caught.set()
        if caught.is_set():
            time.sleep(_DAWDLING)

    rebuilding = Rebuild(projection, direct_url=url, processes=processes, part=_PART, watch=watch)
    sys.exit(0 if _run(rebuilding).swapped else 1)


def _run(rebuilding: Rebuild) -> Rebuilt:
    """As soon as the server has noticed that the one before is dead."""
    while True:
        try:
            return rebuilding.run()
        except RebuildRunning:
            time.sleep(0.02)


@contextmanager
def _writing(url: str, seed: int, rate: int, outcome: Outcome) -> Iterator[None]:
    """People do things all the while, in a process of their own."""
    stopping, writes = _processes.Event(), _processes.Value("q", 0)
    child = _processes.Process(target=_write, args=[url, seed, rate, stopping, writes], daemon=True)
    child.start()
    began = time.monotonic()
    try:
        yield
    finally:
        stopping.set()
        child.join()
        outcome.seconds, outcome.writes = time.monotonic() - began, writes.value
    if child.exitcode:
        raise RuntimeError(f"who writes ended with {child.exitcode}")


def _write(url: str, seed: int, rate: int, stopping: Event, writes: Any) -> None:
    with parts(url) as here:
        due = time.monotonic()

        def save(*aggregates: Aggregate) -> None:
            nonlocal due
            here.store.save(*aggregates)
            writes.value += 1
            due = max(due + 1 / rate, time.monotonic() - 1)
            stopping.wait(max(0.0, due - time.monotonic()))

        play = Play(random.Random(seed), save)
        while not stopping.is_set():
            play.run(20)


@contextmanager
def _reading(url: str, projection: Projection[Any], outcome: Outcome) -> Iterator[None]:
    """Somebody reads all the while, and compares each answer with the fold."""
    stopping = threading.Event()
    failed: list[BaseException] = []

    def read() -> None:
        try:
            with connected(url) as connection:
                reader = _Reader(connection, projection, outcome)
                while not stopping.is_set():
                    reader.ask()
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
    if failed:
        raise failed[0]


class _Reader:
    def __init__(
        self, connection: Connection[TupleRow], projection: Projection[Any], outcome: Outcome
    ) -> None:
        self._connection = connection
        self._projection = projection
        self._outcome = outcome
        self._columns = Columns(projection.table.row)
        self._log = LogReader(EventMapper(NoKeys()))
        self._rows: dict[Key, Any] = {}
        self._position = 0
        self._statement = sql.SQL(
            "SELECT reached.position, {columns} FROM stage.checkpoints AS reached LEFT JOIN {table} AS rows ON true "
            "WHERE reached.follower = {name}"
        ).format(
            columns=sql.SQL(", ").join(sql.Identifier("rows", column) for column in projection.table.columns),
            table=sql.Identifier(READ_MODELS, projection.table.versioned_name),
            name=sql.Literal(projection.table.versioned_name),
        )

    def ask(self) -> None:
        answer = self._connection.execute(self._statement, prepare=True).fetchall()
        self._outcome.answers += 1
        position = answer[0][0]
        if position < self._position:
            self._outcome.went_back += 1
            return
        self._fold_to(position)
        key = self._projection.table.columns.index(self._projection.table.key[0])
        there = {tuple(row[1:]) for row in map(_hashable, answer) if row[1 + key] is not None}
        if there != {_hashable(self._columns.stored(row)) for row in self._rows.values()}:
            self._outcome.wrong += 1

    def _fold_to(self, position: int) -> None:
        """By the plain fold, one event after the other."""
        names = self._projection.events
        for recorded in self._log.read(
            self._connection, after=self._position, upto=position, names=names, limit=END
        ):
            digest(self._projection, self._rows, [recorded], set())
        self._position = position


def _hashable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)


def main() -> int:
    arguments = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    chosen = [one for one in PROJECTIONS if not arguments.names or one.table.name in arguments.names]
    print(f"seed {arguments.seed}, {len(chosen)} read models, {arguments.kills} kills each", flush=True)
    server = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="stage-rebuilds-")), durable=False)
    server.start()
    outcomes = []
    try:
        databases = Databases(server)
        for projection in chosen:
            with databases.migrated() as database:
                outcomes.append(
                    storm(
                        database, projection, kills=arguments.kills, seed=arguments.seed, rate=arguments.rate
                    )
                )
            print(outcomes[-1], flush=True)
    finally:
        server.remove()
    well = all(outcome.well for outcome in outcomes)
    print(f"verdict: {'every answer was right' if well else 'broken'} with seed {arguments.seed}")
    return 0 if well else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.rebuild_storm", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as credit_lots; all if none is given")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rate", type=int, default=RATE, help="writes a second")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
