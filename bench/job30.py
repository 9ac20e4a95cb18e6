"""One job of thirty photos, each of which the stager takes three seconds for: how long, and what it costs us."""

import time
from statistics import median
from typing import Any

from bench.report import say
from bench.thirty import PHOTOS, STAGER_SECONDS, ground

THREADS = 32
ROUNDS = 3


def run() -> dict[str, Any]:
    """`seconds` from POST to completed; `overhead_ms` of all cores a photo, in all our processes and servers.

    The stager sleeps and the photos are small, so that no codec is in it.
    """
    with ground(threads=THREADS) as here:
        rounds = []
        for _ in range(ROUNDS):
            customer, uploads = here.customer()
            cpu, began = here.installation.cpu_seconds(), time.perf_counter()
            job_id = here.submit(customer, uploads)
            here.wait_until_completed([job_id])
            took, used = time.perf_counter() - began, here.installation.cpu_seconds() - cpu
            rounds.append({"seconds": round(took, 2), "overhead_ms": round(used / PHOTOS * 1000, 1)})
            say(f"{took:.2f} s")
    return {
        "seconds": median(one["seconds"] for one in rounds),
        "overhead_ms": median(one["overhead_ms"] for one in rounds),
        "stager_seconds": STAGER_SECONDS,
        "threads": THREADS,
        "rounds": rounds,
    }
