"""A tailing reader among sixteen writers that pause, give up and are killed: nothing missed, nothing doubled.

`python -m tests.infrastructure.event_store.torture --minutes M --seed N` does it for as long as is wanted, on a
server of its own, and exits with 0 when every event came once and each stream's in order. test_torture.py does it
for some seconds.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog

from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.event_store.recorder import PostgresApplicationRecorder
from infrastructure.postgres.database import Database
from infrastructure.processes.signals import ending_in_order
from tests.infrastructure.event_store import torture_writers
from tests.servers import Databases, FreshDatabase

PROCESSES = 16 // torture_writers.WRITERS
ROOT = Path(__file__).parents[3]
_PATIENCE = 60.0
"""Seconds that anything may take."""
_BETWEEN_KILLS = 50
"""Events that are written before the next writer is killed."""

Seen = list[tuple[int, str, int]]
"""Position, stream and version of each event."""
Connection = psycopg.Connection[tuple[int, ...]]


@dataclass(frozen=True)
class Outcome:
    stored: Seen
    seen: Seen
    """As the reader had them."""
    killed: int
    given_up: int
    """Positions that no event has, because its transaction was rolled back or its writer killed."""

    @property
    def missed(self) -> int:
        return len(set(self.stored) - set(self.seen))

    @property
    def doubled(self) -> int:
        return sum(times - 1 for times in Counter(self.seen).values())

    @property
    def out_of_order(self) -> int:
        """Events that came when their stream's next version was another."""
        versions: Counter[str] = Counter()
        wrong = 0
        for _, stream, version in self.seen:
            versions[stream] += 1
            wrong += version != versions[stream]
        return wrong


def torture(database: FreshDatabase, seconds: float, seed: int) -> Outcome:
    """Let them write for so long, and read on until all that is stored has come, or a minute has passed."""
    opened = Database(database.app_url)
    opened.open()
    subscription = PostgresApplicationRecorder(opened).subscribe(gt=0)
    seen: Seen = []

    def follow() -> None:
        seen.extend((one.id, str(one.originator_id), one.originator_version) for one in subscription)

    reader = threading.Thread(target=follow)
    reader.start()
    try:
        killed = _write(database, seconds, random.Random(seed))
        stored, drawn = _settled(database)
        deadline = time.monotonic() + _PATIENCE
        while len(seen) < len(stored) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        subscription.stop()
        reader.join()
        opened.close()
    return Outcome(stored, seen, killed, drawn - len(stored))


def _write(database: FreshDatabase, seconds: float, chance: random.Random) -> int:
    """How many of those who write were killed meanwhile."""
    writers = [_writer(database, chance) for _ in range(PROCESSES)]
    killed = 0
    try:
        with psycopg.connect(database.app_url, autocommit=True) as connection:
            _wait_for_events(connection, 2 * _BETWEEN_KILLS)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                victim, there = chance.randrange(PROCESSES), _count(connection)
                _kill(writers[victim])
                killed += 1
                writers[victim] = _writer(database, chance)
                _wait_for_events(connection, there + _BETWEEN_KILLS)
    finally:
        for writer in writers:
            _kill(writer)
    return killed


def _writer(database: FreshDatabase, chance: random.Random) -> subprocess.Popen[bytes]:
    seed = str(chance.getrandbits(32))
    return subprocess.Popen(
        [sys.executable, "-m", torture_writers.__name__, database.app_url, seed], cwd=ROOT
    )


def _kill(writer: subprocess.Popen[bytes]) -> None:
    writer.kill()
    writer.wait()


def _count(connection: Connection) -> int:
    ((events,),) = connection.execute("SELECT count(*) FROM event_store.events").fetchall()
    return events


def _wait_for_events(connection: Connection, wanted: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while _count(connection) < wanted:
        if time.monotonic() > deadline:
            raise TimeoutError("the writers do not write")
        time.sleep(0.02)


def _settled(database: FreshDatabase) -> tuple[Seen, int]:
    """All that is stored, once the server has given up what the killed ones had begun; the last position drawn."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        deadline = time.monotonic() + _PATIENCE
        while connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' "
            "AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
        ).fetchone() != (0,):
            if time.monotonic() > deadline:
                raise TimeoutError("transactions of killed writers stay open")
            time.sleep(0.02)
        stored = connection.execute(
            "SELECT position, originator_id::text, originator_version FROM event_store.events ORDER BY position"
        ).fetchall()
        ((drawn,),) = connection.execute("SELECT last_value FROM event_store.events_position_seq").fetchall()
    return stored, drawn


def main() -> int:
    arguments = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(
        f"seed {arguments.seed}, {arguments.minutes:g} minutes, 16 writers in {PROCESSES} processes",
        flush=True,
    )
    server = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="stage-torture-")), durable=False)
    with ending_in_order():
        server.start()
        try:
            with Databases(server).migrated() as database:
                outcome = torture(database, arguments.minutes * 60, arguments.seed)
        finally:
            server.remove()
    print(
        f"{len(outcome.stored):,} events, {outcome.given_up:,} positions given up, {outcome.killed} processes "
        f"killed\n{outcome.missed} missed, {outcome.doubled} doubled, {outcome.out_of_order} out of order"
    )
    kept = outcome.seen == outcome.stored and not outcome.out_of_order
    print(f"verdict: {'every event came once, in order' if kept else 'broken'} with seed {arguments.seed}")
    return 0 if kept else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.infrastructure.event_store.torture", description=__doc__
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
