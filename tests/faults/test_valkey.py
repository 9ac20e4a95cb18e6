"""Valkey forgets, hangs or is away in the middle of ten jobs: nothing was in it that could be missed."""

import os
import signal
import time
from collections.abc import Iterator
from uuid import UUID

import redis

from tests.faults.customer import Customer
from tests.faults.installation import Installation
from tests.faults.photos import photo

PROMPT = 20.0
"""Seconds within which fifteen requests are answered while Valkey hangs."""


def half_of_ten_jobs(customer: Customer, numbers: Iterator[int]) -> list[UUID]:
    return [customer.submit(photo(next(numbers)), photo(next(numbers))) for _ in range(5)]


def all_completed(customer: Customer, jobs: list[UUID]) -> bool:
    return all(customer.finished(job_id)["status"] == "completed" for job_id in jobs)


def test_ten_jobs_survive_that_valkey_is_flushed(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    with redis.Redis.from_url(installation.valkey.url) as client:
        jobs = []
        for _ in range(2):
            jobs += half_of_ten_jobs(ada, numbers)
            client.flushall()
        assert all_completed(ada, jobs)


def test_ten_jobs_survive_that_valkey_is_restarted_empty(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    jobs = []
    for _ in range(2):
        jobs += half_of_ten_jobs(ada, numbers)
        installation.valkey.kill()
        installation.valkey.start()
    assert all_completed(ada, jobs)


def test_ten_jobs_are_completed_while_valkey_is_away_and_others_once_it_is_back(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    jobs = half_of_ten_jobs(ada, numbers)
    installation.valkey.stop()
    try:
        jobs += half_of_ten_jobs(ada, numbers)
        assert all_completed(ada, jobs)
    finally:
        installation.valkey.start()
    assert all_completed(ada, half_of_ten_jobs(ada, numbers))


def test_ten_jobs_are_completed_while_valkey_hangs_and_others_once_it_goes_on(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    jobs = half_of_ten_jobs(ada, numbers)
    os.kill(installation.valkey.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        jobs += half_of_ten_jobs(ada, numbers)
        took = time.monotonic() - began
        assert all_completed(ada, jobs)
    finally:
        os.kill(installation.valkey.pid, signal.SIGCONT)
    print(f"ten photos and five jobs were taken in {took:.1f} s")
    assert took < PROMPT
    assert all_completed(ada, half_of_ten_jobs(ada, numbers))
