"""Whether appending and loading get slower as the log grows: 10 thousand events in it, then 1 million."""

import random
import time
from collections.abc import Callable
from hashlib import md5
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import ApplicationRecorder

from bench.long_log import STREAM_LENGTH, fill
from bench.pgbench import METADATA, STATE, server
from bench.report import say
from infrastructure.database import Database
from infrastructure.event_store.envelope import Envelope
from infrastructure.event_store.recorder import PostgresApplicationRecorder

SMALL, GROWN, LARGE = 10_000, 1_000_000, 10_000_000
WARM, MEASURED = 300, 2000


def run(*, large: bool = False) -> dict[str, Any]:
    """Growths are of the medians: 1 means that a log of any size is as quick as a small one."""
    with server() as postgres, psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        database = Database(postgres.app_url)
        database.open()
        try:
            recorder = PostgresApplicationRecorder(database)
            sizes = []
            for size in (SMALL, LARGE if large else GROWN):
                fill(connection, size)
                sizes.append({"events": size, **_measured(recorder, size)})
                say(str(sizes[-1]))
        finally:
            database.close()
    small, grown = sizes
    return {
        "append_growth": round(grown["append_p50_ms"] / small["append_p50_ms"], 3),
        "load_growth": round(grown["load_p50_ms"] / small["load_p50_ms"], 3),
        "p50_ms": grown["append_p50_ms"],
        "sizes": sizes,
    }


def _measured(recorder: ApplicationRecorder, size: int) -> dict[str, float]:
    """Of one client, so that nothing but the log's size can differ; appends and loads in turns."""
    chance = random.Random(size)

    def append() -> None:
        stream = uuid4()
        event = Envelope(stream, 1, "CreditLedger.Held", STATE, owner=stream, metadata=METADATA)
        recorder.insert_events([event])

    def load() -> None:
        assert len(recorder.select_events(_stream(chance.randrange(size // STREAM_LENGTH)))) == STREAM_LENGTH

    appends, loads = [], []
    for number in range(WARM + MEASURED):
        took = _timed(append), _timed(load)
        if number >= WARM:
            appends.append(took[0])
            loads.append(took[1])
    return {"append_p50_ms": round(median(appends), 3), "load_p50_ms": round(median(loads), 3)}


def _stream(number: int) -> UUID:
    """As long_log names them."""
    return UUID(md5(str(number).encode(), usedforsecurity=False).hexdigest())


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
