"""A download of thirty photos of 15 MB: how soon it begins, how fast it goes, and how much memory it takes."""

import http.client
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from application.pictures import results_of
from bench.installation import Installation, Serving, installed
from bench.people import Customer, People
from bench.report import say

PHOTOS, PHOTO_BYTES = 30, 15_000_000
ROUNDS = 5
BUFFER = 1 << 20
API = "/api/v1"


@dataclass(frozen=True)
class Download:
    first_byte_ms: float
    """Of the body, from the request on."""
    megabytes_per_second: float


def run() -> dict[str, Any]:
    """The limit is the same server sending the same files one after the other, as they are in the store.

    What reads them is the same for both, and throws away what it read. The two take turns.
    """
    with installed() as installation:
        customer, job_id = _delivered(installation)
        ours = installation.serve()
        folder = results_of(job_id)
        limit = installation.serving("bench.limit")
        files = f"/files/{customer.user_id}/{folder}"
        path = f"{API}/jobs/{job_id}/download"
        _download(limit.url, files, {})
        with _memory(ours) as most:
            _download(ours.url, path, customer.headers)
            pairs = [
                (_download(limit.url, files, {}), _download(ours.url, path, customer.headers))
                for _ in range(ROUNDS)
            ]
    ratios = [zipped.megabytes_per_second / plain.megabytes_per_second for plain, zipped in pairs]
    return {
        "ratio_to_limit": round(median(ratios), 3),
        "first_byte_ms": round(median(zipped.first_byte_ms for _, zipped in pairs), 1),
        "extra_mb": round(most["extra_mb"], 1),
        "mb_per_s": round(median(zipped.megabytes_per_second for _, zipped in pairs)),
        "limit_mb_per_s": round(median(plain.megabytes_per_second for plain, _ in pairs)),
        "zip_mb": PHOTOS * PHOTO_BYTES // 10**6,
    }


def _delivered(installation: Installation) -> tuple[Customer, UUID]:
    follow = installation.follow()
    with installation.container() as container:
        people = People(container)
        customer = people.join(credits=PHOTOS)
        uploads = [people.upload(customer, b"photo %d" % number) for number in range(PHOTOS)]
        job_id = people.submit(customer, uploads)
        people.deliver(customer, job_id, [os.urandom(PHOTO_BYTES) for _ in range(PHOTOS)])
        installation.wait_until_followed()
    installation.stop(follow)
    say(f"{PHOTOS} results of {PHOTO_BYTES / 1e6:.0f} MB")
    return customer, job_id


def _download(url: str, path: str, headers: Mapping[str, str]) -> Download:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    connection.connect()
    began = time.perf_counter()
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    if answer.status != http.HTTPStatus.OK:
        raise ConnectionError(answer.status)
    buffer = memoryview(bytearray(BUFFER))
    received = answer.readinto(buffer[:1])
    first = time.perf_counter() - began
    while count := answer.readinto(buffer):
        received += count
    took = time.perf_counter() - began
    connection.close()
    if received < PHOTOS * PHOTO_BYTES:
        raise ConnectionError(f"only {received} bytes came")
    return Download(first * 1000, received / took / 1e6)


@contextmanager
def _memory(server: Serving) -> Iterator[dict[str, float]]:
    """How much more than before the server has at the most, in MB."""
    before = server.rss_mb()
    most = {"extra_mb": 0.0}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            most["extra_mb"] = max(most["extra_mb"], server.rss_mb() - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield most
    finally:
        done.set()
        watching.join()
