"""Ten users with thirty photos each at once, and fewer threads than photos: who waits how long for the first."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.thirty import PHOTOS, STAGER_SECONDS, ground

USERS = 10
THREADS = 32
"""A tenth of the photos that wait."""


def run() -> dict[str, Any]:
    """`ratio` of the slowest user's time to their first photo, since all began to submit, to the fastest's."""
    with ground(threads=THREADS) as here:
        asked = [here.customer() for _ in range(USERS)]
        began = time.time()
        with ThreadPoolExecutor(USERS) as clients:
            jobs = list(clients.map(lambda one: here.submit(*one), asked))
        here.wait_until_completed(jobs, within=20 * STAGER_SECONDS * USERS * PHOTOS / THREADS)
        ended = time.time()
        waits = sorted(first - began for first in here.first_outcomes(jobs).values())
    return {
        "ratio": round(waits[-1] / waits[0], 2),
        "fastest_s": round(waits[0], 2),
        "slowest_s": round(waits[-1], 2),
        "all_done_s": round(ended - began, 2),
        "users": USERS,
        "threads": THREADS,
    }
