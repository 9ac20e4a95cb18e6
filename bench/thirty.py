"""Jobs of thirty photos from POST to their end, as a client sees them, on an installation with a slow stager."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from bench.installation import Installation, installed
from bench.people import Customer, People

PHOTOS = 30
STAGER_SECONDS = 3.0
"""What a provider takes for a photo."""
GLANCE = 0.02
"""Seconds between two looks whether a job has ended."""

_OUTCOMES = """
    SELECT originator_id, recorded_at FROM event_store.events
    WHERE topic = 'PhotoJob.PhotoStaged' AND originator_id = ANY(%s) ORDER BY position
"""
_ENDED = """
    SELECT count(*) FROM event_store.events WHERE topic = 'PhotoJob.Completed' AND originator_id = ANY(%s)
"""


@dataclass(frozen=True)
class Ground:
    """All processes run, and have warmed up on a job."""

    installation: Installation
    people: People
    url: str
    connection: psycopg.Connection[Any]

    def customer(self) -> tuple[Customer, list[UUID]]:
        """With as many credits and uploads as a job takes."""
        customer = self.people.join(credits=PHOTOS)
        return customer, [self.people.upload(customer, b"photo %d" % number) for number in range(PHOTOS)]

    def submit(self, customer: Customer, uploads: Sequence[UUID]) -> UUID:
        wanted = {"photos": [{"upload_id": str(one)} for one in uploads], "brief": {"preset": "enhance"}}
        headers = {**customer.headers, "Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        answer = httpx.post(
            f"{self.url}/api/v1/jobs", headers=headers, content=json.dumps(wanted), timeout=60
        )
        return UUID(answer.raise_for_status().json()["job_id"])

    def wait_until_completed(self, jobs: Sequence[UUID], *, within: float = 120) -> None:
        deadline = time.monotonic() + within
        while self.connection.execute(_ENDED, [list(jobs)]).fetchall() != [(len(jobs),)]:
            if time.monotonic() > deadline:
                raise TimeoutError("the jobs do not end")
            time.sleep(GLANCE)

    def first_outcomes(self, jobs: Sequence[UUID]) -> dict[UUID, float]:
        """When the first photo of each was recorded, in seconds since 1970."""
        found: dict[UUID, float] = {}
        for job_id, recorded_at in self.connection.execute(_OUTCOMES, [list(jobs)]):
            found.setdefault(job_id, recorded_at.timestamp())
        return found


@contextmanager
def ground(*, threads: int, seconds: float = STAGER_SECONDS) -> Iterator[Ground]:
    with installed(WORKER_THREADS=str(threads), DATABASE_POOL=str(threads + 8)) as installation:
        url = installation.serve().url
        installation.follow()
        installation.start("bench.worker", str(seconds))
        with (
            installation.container() as container,
            psycopg.connect(installation.postgres.superuser_url, autocommit=True) as connection,
        ):
            made = Ground(installation, People(container), url, connection)
            made.wait_until_completed([made.submit(*made.customer())])
            yield made
