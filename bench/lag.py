"""From an append to its row in a read model, while 500 events a second are appended."""

import bisect
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain
from multiprocessing import get_context
from statistics import quantiles
from typing import Any
from uuid import uuid4

import psycopg

from application.context import Context, acting
from bench.installation import installed
from bench.report import say
from domain.credit_ledger import CreditLedger
from infrastructure.queries.tables import STATEMENT
from infrastructure.wiring import Container

PER_SECOND, WRITERS, SECONDS, WARMING = 500, 4, 20.0, 3.0
STILL = 3.0
"""Seconds without a change after which nothing more will come."""

Moment = tuple[float, int]
"""Of the machine's monotonic clock, with a position of the log."""


def run() -> dict[str, Any]:
    """All followers run, as `stage follow` runs them; a ledger is opened with each append.

    A row is readable once its read model's checkpoint, which moves in the same transaction, can be seen.
    """
    with installed() as installation:
        installation.follow()
        with installation.container() as container, ThreadPoolExecutor(WRITERS) as writers:
            _open_ledger(container)
            installation.wait_until_followed()
            with ProcessPoolExecutor(1, get_context("spawn")) as watchers:
                url = installation.postgres.superuser_url
                watchers.submit(watch, url, 0.0).result()  # its process takes its time to begin
                until = time.monotonic() + WARMING + SECONDS
                watching = watchers.submit(watch, url, until)
                writing = [writers.submit(_write, container, number, until) for number in range(WRITERS)]
                appended = sorted(chain.from_iterable(one.result() for one in writing))
                seen = watching.result()
    began = appended[0][0] + WARMING
    lags = [_readable(seen, position) - at for at, position in appended if at >= began]
    rate = len(lags) / SECONDS
    say(f"{rate:,.0f} appends/s")
    percentiles = quantiles(lags, n=100, method="inclusive")
    return {
        "appends_per_second": round(rate),
        "p50_ms": round(percentiles[49] * 1000, 1),
        "p95_ms": round(percentiles[94] * 1000, 1),
        "p99_ms": round(percentiles[98] * 1000, 1),
        "max_ms": round(max(lags) * 1000, 1),
    }


def watch(url: str, until: float) -> list[Moment]:
    """When the checkpoint was first seen at each of its positions, until it stands still.

    In a process of its own, so that nothing keeps it from looking.
    """
    seen: list[Moment] = [(time.monotonic(), 0)]
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < max(until, seen[-1][0]) + STILL:
            row = connection.execute(
                "SELECT position FROM stage.checkpoints WHERE follower = %s", [STATEMENT], prepare=True
            ).fetchone()
            if row and row[0] > seen[-1][1]:
                seen.append((time.monotonic(), row[0]))
            time.sleep(0.001)
    return seen


def _write(container: Container, number: int, until: float) -> list[Moment]:
    """At an even pace, whatever the last append took; each as soon as it was durable."""
    pause = WRITERS / PER_SECOND
    due = time.monotonic() + pause * number / WRITERS
    appended: list[Moment] = []
    while due < until:
        time.sleep(max(0.0, due - time.monotonic()))
        position = _open_ledger(container)
        appended.append((time.monotonic(), position))
        due += pause
    return appended


def _open_ledger(container: Container) -> int:
    with acting(Context("user:bench", "request:bench", "bench")) as context:
        container.store.save(CreditLedger.open(uuid4()))
    if context.position is None:
        raise RuntimeError("nothing was appended")
    return context.position


def _readable(seen: list[Moment], position: int) -> float:
    """When the row of the event at this position was there."""
    place = bisect.bisect_left(seen, position, key=lambda moment: moment[1])
    return seen[place][0]
