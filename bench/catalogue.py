"""Which benches there are, and what each must reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import ge, lt
from typing import Any


@dataclass(frozen=True)
class Bench:
    """A module of this package with a function `run() -> dict`."""

    about: str
    at_least: Mapping[str, float] = field(default_factory=dict)
    """What figures of its result must reach."""
    below: Mapping[str, float] = field(default_factory=dict)
    """What other figures must stay below."""

    def missed(self, result: Mapping[str, Any]) -> list[str]:
        """What the result does not reach, in words."""
        wanted = [
            *((figure, ">=", ge, bound) for figure, bound in self.at_least.items()),
            *((figure, "<", lt, bound) for figure, bound in self.below.items()),
        ]
        return [
            f"{figure} is {result[figure]}, must be {sign} {bound:g}"
            for figure, sign, reached, bound in wanted
            if not reached(result[figure], bound)
        ]


BENCHES: Mapping[str, Bench] = {
    "reads": Bench(
        "GET /jobs and others against an equal handler with one SELECT", at_least={"ratio_to_limit": 0.6}
    ),
    "commands": Bench(
        "POST /jobs against an equal handler with one durable INSERT", at_least={"ratio_to_limit": 0.4}
    ),
    "job30": Bench("thirty photos, three seconds each", below={"seconds": 6, "overhead_ms": 60}),
    "fairness": Bench("ten users with thirty photos each at once", below={"ratio": 2}),
    "zip": Bench(
        "thirty photos of 15 MB in one download, against sending the files as they are",
        at_least={"ratio_to_limit": 0.7},
        below={"first_byte_ms": 100, "extra_mb": 64},
    ),
    "staging": Bench(
        "thirty photos, and ten users with thirty each, by Gemini's adapter at three seconds an image",
        below={"seconds": 7, "ratio": 2, "exceeded": 1, "undelivered": 1},
    ),
    "quality": Bench(
        "the quality gate on honest and dishonest stagings of rendered rooms",
        below={"wrongly_refused": 1, "wrongly_passed": 1},
    ),
    "darkroom": Bench("enhancing photos of twelve megapixels on one core", below={"seconds": 2}),
    "intake": Bench("taking photos in, against Pillow", below={"time_ratio": 0.8, "memory_ratio": 0.5}),
    "append": Bench(
        "appending from Python, 4 processes of 8 threads, against the library's stock recorder",
        at_least={"ratio_to_peer": 3},
        below={"p99_ratio": 1},
    ),
    "append_sql": Bench(
        "append_event against the stock recorder's statements, by pgbench", at_least={"ratio_to_peer": 5}
    ),
    "append_limit": Bench(
        "append_event against a bare INSERT, by pgbench", at_least={"ratio_to_limit": 0.75}
    ),
    "rebuild": Bench(
        "rebuilding the statement of a million events, against the library's ProjectionRunner",
        at_least={"ratio_to_peer": 60, "events_per_second": 100_000},
    ),
    "rebuild_scale": Bench(
        "rebuilding logs of growing length: time per event, and memory",
        below={"growth": 1.15, "memory_mb": 500},
    ),
    "lag": Bench("from an append to its row, at 500 appends a second", below={"p95_ms": 100}),
    "hot_stream": Bench("a ledger of 10,000 events: load, hold one more", below={"p50_ms": 5}),
    "growth": Bench(
        "append and load with 10 thousand and 1 million events in the store (10 million with --large)",
        below={"append_growth": 1.2, "load_growth": 1.2},
    ),
    "verify": Bench(
        "verifying a million events against their anchors", at_least={"events_per_second": 150_000}
    ),
    "statement": Bench(
        "a ledger of 100,000 entries: a page, the balance as of any moment, and checking its chain",
        at_least={"verify_events_per_second": 150_000},
        below={"page_ms": 50, "as_of_ms": 200},
    ),
}
