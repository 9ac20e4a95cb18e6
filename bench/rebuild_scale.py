"""Whether a rebuild's time per event and its memory stay as they are while the log grows."""

from typing import Any

from bench import ledger_log
from bench.pgbench import server
from bench.rebuild import rebuilt
from bench.report import say

SIZES, LARGE = (100_000, 1_000_000), 10_000_000
ROUNDS = 3


def run(*, large: bool = False) -> dict[str, Any]:
    """`growth` is of the time per event, from the smallest log to the largest; the best of several rounds."""
    rows: list[dict[str, Any]] = []
    for events in (*SIZES, LARGE) if large else SIZES:
        with server() as postgres:
            ledger_log.fill(postgres.superuser_url, events)
            rebuilt(postgres)  # what is measured compares with an old table, too
            rounds = [rebuilt(postgres) for _ in range(ROUNDS)]
        best, steps, _ = min(rounds, key=lambda one: one[0].seconds)
        row = {
            "events": events,
            "us_per_event": round(best.seconds / events * 1e6, 2),
            "events_per_second": round(events / best.seconds),
            "memory_mb": round(max(mb for *_, mb in rounds)),
            "steps": steps,
        }
        say(str(row))
        rows.append(row)
    return {
        "growth": round(rows[-1]["us_per_event"] / rows[0]["us_per_event"], 3),
        "memory_mb": max(row["memory_mb"] for row in rows),
        "sizes": rows,
    }
