"""Whether appending and loading get slower as the log grows: 10 thousand events in it, then 1 million."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import ApplicationRecorder

from bench.long_log import STREAM_LENGTH, fill
from bench.pgbench import METADATA, STATE, server
from bench.report import say
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.event_store.envelope import Envelope
from infrastructure.event_store.recorder import PostgresApplicationRecorder
from infrastructure.postgres import migrations
from infrastructure.postgres.database import Database

SMALL, GROWN, LARGE = 10_000, 1_000_000, 10_000_000
WARM, MEASURED = 300, 2000


def run(*, large: bool = False) -> dict[str, Any]:
    """Growths are of the medians: 1 means that a log of any size is as quick as a small one.

    Both logs are measured in turns by one client, so that nothing but their size can differ.
    """
    with server() as postgres, ExitStack() as stack:
        sizes = (SMALL, LARGE if large else GROWN)
        logs = [stack.enter_context(_log(postgres, size)) for size in sizes]
        for number in range(WARM + MEASURED):
            for log in logs:
                log.measure(counted=number >= WARM)
    small, grown = logs
    return {
        "append_growth": round(median(grown.appends) / median(small.appends), 3),
        "load_growth": round(median(grown.loads) / median(small.loads), 3),
        "p50_ms": round(median(grown.appends), 3),
        "sizes": [
            {
                "events": log.size,
                "append_p50_ms": round(median(log.appends), 3),
                "load_p50_ms": round(median(log.loads), 3),
            }
            for log in logs
        ],
    }


@dataclass
class _Log:
    size: int
    recorder: ApplicationRecorder
    chance: random.Random
    appends: list[float] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)

    def measure(self, *, counted: bool) -> None:
        took = _timed(self._append), _timed(self._load)
        if counted:
            self.appends.append(took[0])
            self.loads.append(took[1])

    def _append(self) -> None:
        stream = uuid4()
        event = Envelope(stream, 1, "CreditLedger.Held", STATE, owner=stream, metadata=METADATA)
        self.recorder.insert_events([event])

    def _load(self) -> None:
        stream = _stream(self.chance.randrange(self.size // STREAM_LENGTH))
        assert len(self.recorder.select_events(stream)) == STREAM_LENGTH


@contextmanager
def _log(postgres: EmbeddedPostgres, size: int) -> Iterator[_Log]:
    """In a database of its own on the same server."""
    name = f"log_{size}"
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER stage_owner".encode())
    migrations.upgrade(postgres.url("stage_owner", name))
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        fill(connection, size)
    say(f"a log of {size:,} events")
    database = Database(postgres.url("stage_app", name))
    database.open()
    try:
        yield _Log(size, PostgresApplicationRecorder(database), random.Random(size))
    finally:
        database.close()


def _stream(number: int) -> UUID:
    """As long_log names them."""
    return UUID(md5(str(number).encode(), usedforsecurity=False).hexdigest())


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
