"""Thirty photos, and ten users with thirty each, staged by Gemini's adapter against its stand-in on a socket."""

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import UUID

import psycopg

from bench.installation import Installation, installed
from bench.people import Customer, People
from bench.report import say
from domain.job_errors import PHOTOS_PER_JOB
from tests.standins.gemini import KEY

SECONDS = 3.0
"""That the provider takes for an image."""
AT_ONCE = 30
USERS = 10
WORKERS = 2
"""Processes that share the limits; each could break them alone."""
THREADS = 40
PER_MINUTE = 600
FATES = ("23:status:503", "170:retry:25", "41:other_room")
"""Of the many: an outage now and then, a long pause once a while, and pictures of another room."""
WARMING = 12
"""Photos that are staged before anything is measured."""
PATIENCE = 240.0
SAMPLE = Path(__file__).parents[1] / "samples" / "living-room.jpg"
MODELS = f"""
checked = 2026-11-22
[[models]]
name = "painter-2"
size = "2K"
at_once = {AT_ONCE}
per_minute = {PER_MINUTE}
[models.price]
2K = 34_000
[[models]]
name = "painter-1"
size = "2K"
at_once = {AT_ONCE}
per_minute = {PER_MINUTE}
[models.price]
2K = 134_000
"""

_ENDED = """
SELECT submitted.originator_id, extract(epoch FROM ended.recorded_at - submitted.recorded_at)::float8
FROM event_store.events submitted
JOIN event_store.events ended ON ended.originator_id = submitted.originator_id
                             AND ended.topic IN ('PhotoJob.Completed', 'PhotoJob.Failed')
WHERE submitted.topic = 'PhotoJob.Submitted'
"""
_CALLS = """
WITH calls AS (SELECT *, row_number() OVER (PARTITION BY photo_id ORDER BY number) AS nth FROM stage.provider_calls)
SELECT count(*), count(*) FILTER (WHERE nth > 1), count(*) FILTER (WHERE model = 'painter-1'),
       count(*) FILTER (WHERE outcome = 'image'), sum(cost_micros)::bigint
FROM calls
"""


def run() -> dict[str, Any]:
    """`seconds` is from submitting to the recorded end of the job; `ratio` the last user's by the first one's."""
    alone = _measured(users=1, fates=())
    say(f"thirty photos: {alone['seconds']} s")
    together = _measured(users=USERS, fates=FATES)
    return {
        "seconds": alone["seconds"],
        "exceeded": alone["exceeded"] + together["exceeded"],
        "ratio": together["ratio"],
        "undelivered": alone["undelivered"] + together["undelivered"],
        "alone": alone,
        "together": together,
    }


def _measured(*, users: int, fates: tuple[str, ...]) -> dict[str, Any]:
    with _provided(fates) as (installation, provider), installation.container() as container:
        people = People(container)
        jobs = [(customer, _uploads(people, customer)) for customer in _customers(people, users)]
        installation.wait_until_followed()
        for number in range(WORKERS):
            installation.start("interfaces.cli.main", "work", PROCESS_NUMBER=str(number))
        _warm(installation, people)
        used = installation.cpu_seconds()
        submitted = [people.submit(customer, uploads) for customer, uploads in jobs]
        ended = _wait(installation, submitted)
        used = installation.cpu_seconds() - used
        with urlopen(f"{provider}/counted", timeout=10) as answer:  # noqa: S310 - our own
            counted = json.load(answer)
        with psycopg.connect(installation.postgres.superuser_url) as connection:
            row = connection.execute(_CALLS).fetchone()
        assert row is not None
        calls, retried, fallen_back, delivered, micros = row
    return {
        "seconds": round(max(ended.values()), 2),
        "ratio": round(max(ended.values()) / min(ended.values()), 2),
        "at_best": SECONDS * users * PHOTOS_PER_JOB / AT_ONCE,
        "cpu_seconds": round(used, 1),
        "calls": calls,
        "retried": retried,
        "fallen_back": fallen_back,
        "delivered": delivered,
        "undelivered": users * PHOTOS_PER_JOB + WARMING - delivered,
        "micros_per_photo": round(micros / delivered),
        **counted,
    }


@contextmanager
def _provided(fates: tuple[str, ...]) -> Iterator[tuple[Installation, str]]:
    """An installation whose provider is the stand-in, in a process of its own, at this address."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    limits = [str(port), str(SECONDS), str(AT_ONCE), str(PER_MINUTE)]
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models.toml"
        models.write_text(MODELS)
        provider = subprocess.Popen([sys.executable, "-m", "tests.standins.gemini", *limits, *fates])
        try:
            with installed(
                GOOGLE_API_KEY=KEY,
                GOOGLE_API_URL=url,
                STAGING_MODELS=str(models),
                WORKER_THREADS=str(THREADS),
            ) as installation:
                installation.follow()
                yield installation, url
        finally:
            provider.terminate()
            provider.wait(timeout=10)


def _customers(people: People, users: int) -> list[Customer]:
    return [people.join(credits=PHOTOS_PER_JOB) for _ in range(users)]


def _uploads(people: People, customer: Customer, photos: int = PHOTOS_PER_JOB) -> list[UUID]:
    """Different files, of which each shows the same room."""
    photo = SAMPLE.read_bytes()
    return [
        people.upload(customer, photo[:2] + _comment(f"{customer.user_id} {number}") + photo[2:])
        for number in range(photos)
    ]


def _comment(text: str) -> bytes:
    """A segment of a JPEG that changes nothing but its bytes."""
    return b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text.encode()


def _warm(installation: Installation, people: People) -> None:
    """So many photos at once that every worker starts all the processes in which it opens them."""
    customer = people.join(credits=WARMING)
    _wait(installation, [people.submit(customer, _uploads(people, customer, photos=WARMING))])


def _wait(installation: Installation, jobs: list[UUID]) -> dict[UUID, float]:
    """Seconds until each of these jobs had ended, by the database's clock."""
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(installation.postgres.superuser_url, autocommit=True) as connection:
        while True:
            ended = {job: seconds for job, seconds in connection.execute(_ENDED) if job in set(jobs)}
            if len(ended) == len(jobs):
                return ended
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(jobs) - len(ended)} jobs have not ended")
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
