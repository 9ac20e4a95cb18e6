"""Appending from Python, one event a commit: our recorder against the library's own, each as it comes."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

from eventsourcing.persistence import ApplicationRecorder, StoredEvent
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment

from bench.append_sql import make_stock_tables, stock_environment
from bench.pgbench import METADATA, STATE, ratio, server
from bench.report import say
from infrastructure.event_store.envelope import Envelope
from infrastructure.event_store.recorder import PostgresApplicationRecorder
from infrastructure.postgres.database import Database

PROCESSES, THREADS, ROUNDS, SECONDS = 4, 8, 3, 4.0
STREAM_LENGTH = 5

Durations = list[float]
"""Of each append, in seconds."""


def run() -> dict[str, Any]:
    """`ratio_to_peer` is of throughput, `p99_ratio` of the time that the slowest hundredth takes; both durable."""
    with server() as postgres:
        make_stock_tables(postgres.superuser_url)
        url = {"ours": postgres.app_url, "stock": postgres.superuser_url}
        rounds: dict[str, list[Durations]] = {"ours": [], "stock": []}
        for _ in range(ROUNDS):
            for whose, done in rounds.items():
                done.append(_appended(whose, url[whose]))
            say(", ".join(f"{whose} {len(every[-1]) / SECONDS:,.0f}/s" for whose, every in rounds.items()))
    rates = {whose: [len(one) / SECONDS for one in done] for whose, done in rounds.items()}
    ours, stock = (sorted(chain.from_iterable(rounds[whose])) for whose in ("ours", "stock"))
    return {
        "ratio_to_peer": ratio(rates["ours"], rates["stock"]),
        "p99_ratio": round(_at(ours, 99) / _at(stock, 99), 3),
        "events_per_second": round(median(rates["ours"])),
        "p50_ms": _ms(ours, 50),
        "p95_ms": _ms(ours, 95),
        "p99_ms": _ms(ours, 99),
        "peer_events_per_second": round(median(rates["stock"])),
        "peer_p50_ms": _ms(stock, 50),
        "peer_p95_ms": _ms(stock, 95),
        "peer_p99_ms": _ms(stock, 99),
    }


def _appended(whose: str, url: str) -> Durations:
    """In processes of their own, which begin together once all are connected."""
    context = get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, context, initializer=_share, initargs=(barrier,)) as processes:
        working = [processes.submit(_work, whose, url) for _ in range(PROCESSES)]
        return list(chain.from_iterable(one.result() for one in working))


def _share(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - a barrier reaches another process only when that one is made
    _barrier = barrier


_barrier: Barrier


def _work(whose: str, url: str) -> Durations:
    recorder, close = _RECORDERS[whose](url)
    try:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda _: recorder.insert_events([_event(uuid4(), 1)]), range(2 * THREADS)))
            _barrier.wait()
            until = time.perf_counter() + SECONDS
            working = [threads.submit(_append, recorder, until) for _ in range(THREADS)]
            return list(chain.from_iterable(one.result() for one in working))
    finally:
        close()


def _append(recorder: ApplicationRecorder, until: float) -> Durations:
    durations: Durations = []
    while True:
        stream = uuid4()
        for version in range(1, STREAM_LENGTH + 1):
            began = time.perf_counter()
            if began > until:
                return durations
            recorder.insert_events([_event(stream, version)])
            durations.append(time.perf_counter() - began)


def _event(stream: Any, version: int) -> StoredEvent:
    """With an envelope, which the stock recorder does not look at."""
    return Envelope(stream, version, "CreditLedger.Held", STATE, owner=stream, metadata=METADATA)


def _ours(url: str) -> tuple[ApplicationRecorder, Callable[[], None]]:
    database = Database(url, size=THREADS)
    database.open()
    return PostgresApplicationRecorder(database), database.close


def _stock(url: str) -> tuple[ApplicationRecorder, Callable[[], None]]:
    environment = {**stock_environment(url, connections=THREADS), "CREATE_TABLE": "no"}
    factory = PostgresFactory(Environment("stored", environment))
    return factory.application_recorder(), factory.close


_RECORDERS = {"ours": _ours, "stock": _stock}


def _at(durations: Durations, percent: int) -> float:
    return quantiles(durations, n=100, method="inclusive")[percent - 1]


def _ms(durations: Durations, percent: int) -> float:
    return round(_at(durations, percent) * 1000, 2)
