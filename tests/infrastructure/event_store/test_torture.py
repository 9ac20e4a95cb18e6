"""A tailing reader among sixteen writers that pause, give up and are killed: nothing missed, nothing doubled.

`TORTURE_SECONDS=60 pytest tests/infrastructure/event_store/test_torture.py` has it for a minute.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import psycopg
import pytest

from infrastructure.event_store.recorder import PostgresApplicationRecorder
from infrastructure.postgres.database import Database
from tests.infrastructure.event_store import torture_writers
from tests.servers import FreshDatabase

SECONDS = float(os.environ.get("TORTURE_SECONDS", "5"))
PROCESSES = 16 // torture_writers.WRITERS
ROOT = Path(__file__).parents[3]


def started(url: str, seed: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", torture_writers.__name__, url, str(seed)], cwd=ROOT)


@pytest.mark.timeout(120 + 2 * SECONDS)
def test_a_tailing_reader_misses_nothing_and_reads_nothing_twice(database: FreshDatabase) -> None:
    opened = Database(database.app_url)
    opened.open()
    subscription = PostgresApplicationRecorder(opened).subscribe(gt=0)
    seen: list[tuple[int, str, int]] = []

    def follow() -> None:
        seen.extend((one.id, str(one.originator_id), one.originator_version) for one in subscription)

    reader = threading.Thread(target=follow)
    reader.start()
    chance = random.Random(20_261_122)
    writers = [started(database.app_url, seed) for seed in range(PROCESSES)]
    killed = 0
    try:
        with psycopg.connect(database.app_url, autocommit=True) as connection:
            wait_for_events(connection, 100)
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                victim = chance.randrange(PROCESSES)
                there = count(connection)
                writers[victim].kill()
                writers[victim].wait()
                killed += 1
                writers[victim] = started(database.app_url, PROCESSES + killed)
                wait_for_events(connection, there + 50)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    stored = settled(database)
    deadline = time.monotonic() + 60
    while len(seen) < len(stored) and time.monotonic() < deadline:
        time.sleep(0.02)
    subscription.stop()
    reader.join()
    opened.close()

    assert killed >= 2
    assert len(stored) > 200
    assert seen == stored
    versions: dict[str, list[int]] = defaultdict(list)
    for _, stream, version in seen:
        versions[stream].append(version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())


def count(connection: psycopg.Connection[tuple[int, ...]]) -> int:
    ((events,),) = connection.execute("SELECT count(*) FROM event_store.events").fetchall()
    return events


def wait_for_events(connection: psycopg.Connection[tuple[int, ...]], wanted: int) -> None:
    deadline = time.monotonic() + 60
    while count(connection) < wanted:
        assert time.monotonic() < deadline, "the writers do not write"
        time.sleep(0.02)


def settled(database: FreshDatabase) -> list[tuple[int, str, int]]:
    """All that is stored, once the server has given up what the killed ones had begun."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        deadline = time.monotonic() + 60
        while connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' "
            "AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
        ).fetchone() != (0,):
            assert time.monotonic() < deadline, "transactions of killed writers stay open"
            time.sleep(0.02)
        return connection.execute(
            "SELECT position, originator_id::text, originator_version FROM event_store.events ORDER BY position"
        ).fetchall()
