"""Rebuilding the statement, against the library's ProjectionRunner: from an empty table to the swapped one."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import psutil
import psycopg

from application.projections.statement import Statement
from bench import ledger_log, projection_runner
from bench.pgbench import server
from bench.report import say
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.projections.rebuild import Doing, Rebuild, Rebuilt

EVENTS, ROUNDS = 1_000_000, 3
PEER_EVENTS = 5_000
PROCESSES = max(2, os.cpu_count() or 1)


def run() -> dict[str, Any]:
    """`events_per_second` counts everything: planning, folding, indexes, comparing with the old table, the swap."""
    rates, peers, ratios = [], [], []
    steps: dict[str, float] = {}
    with server() as postgres:
        ledger_log.fill(postgres.superuser_url, EVENTS)
        rebuilt(postgres)  # the first overtakes a follower that never began, and compares nothing
        for _ in range(ROUNDS):
            peer = projection_runner.events_per_second(postgres.superuser_url, PEER_EVENTS)
            done, steps, mb = rebuilt(postgres)
            rates.append(done.events / done.seconds)
            peers.append(peer)
            ratios.append(rates[-1] / peer)
            say(f"ours {rates[-1]:,.0f}/s ({steps}, {mb:.0f} MB), ProjectionRunner {peer:,.0f}/s")
    return {
        "ratio_to_peer": round(median(ratios), 1),
        "events_per_second": round(median(rates)),
        "peer_events_per_second": round(median(peers)),
        "events": EVENTS,
        "processes": PROCESSES,
        "steps": steps,
    }


def rebuilt(postgres: EmbeddedPostgres) -> tuple[Rebuilt, dict[str, float], float]:
    """What came of it, the seconds of each step, and the most memory that its processes held, in MB."""
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    began: dict[str, float] = {"planning": time.perf_counter()}

    def watch(doing: Doing) -> None:
        began.setdefault(doing.step, time.perf_counter())

    with _memory() as most:
        rebuild = Rebuild(Statement(), direct_url=postgres.app_url, processes=PROCESSES, watch=watch)
        done = rebuild.run()
    if not done.swapped or done.parked:
        raise RuntimeError(f"the rebuilt table is not right: {done}")
    ends = [*list(began.values())[1:], time.perf_counter()]
    steps = {step: round(end - at, 2) for (step, at), end in zip(began.items(), ends, strict=True)}
    return done, steps, most[0] / 1e6


@contextmanager
def _memory() -> Iterator[list[float]]:
    """The most bytes that this process and those it starts hold, PostgreSQL's left out."""
    most, stopping = [0.0], threading.Event()

    def look() -> None:
        ourselves = psutil.Process()
        while not stopping.wait(0.1):
            held = ourselves.memory_info().rss
            for child in ourselves.children(recursive=True):
                try:
                    if "postgres" not in child.name():
                        held += child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            most[0] = max(most[0], held)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        stopping.set()
        thread.join()
