"""Reading over HTTP: what GET /jobs and its like reach of a handler that does one SELECT of the same rows."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import psycopg

from bench.installation import Installation, installed
from bench.load import Answered, load, request
from bench.people import Customer, People
from bench.report import say

CUSTOMERS = 8
"""They read in turn, so that hardly any two ask the same at the same time."""
JOBS = 100
"""Of each customer."""
ROUNDS = 5
SECONDS = 3.0
"""Of each measurement in a round."""
WARMING = 2.0
"""Seconds of load before anything is measured."""
API = "/api/v1"


def run() -> dict[str, Any]:
    """Users with a hundred jobs each read again and again over 16 connections.

    Ours authenticates each request, opens sealed texts and answers as the API does; the limit is the same
    framework and server, with one SELECT of the same rows sent as JSON. The two take turns.
    """
    with installed() as installation:
        customers = _customers_with_jobs(installation)
        ours = installation.serve().url
        limit = installation.serving("bench.limit").url
        reads = _reads(customers)
        for path, asked in reads.items():
            load(ours, asked["ours"], status=200, seconds=WARMING)
            load(limit, asked["limit"], status=200, seconds=WARMING)
            say(f"{path} is warm")
        rounds = [
            {
                path: (
                    load(limit, asked["limit"], status=200, seconds=SECONDS),
                    load(ours, asked["ours"], status=200, seconds=SECONDS),
                )
                for path, asked in reads.items()
            }
            for _ in range(ROUNDS)
        ]
    rows = [_row(path, [each[path] for each in rounds]) for path in reads]
    return {"ratio_to_limit": min(row["ratio_to_limit"] for row in rows), "reads": rows}


def _reads(customers: Sequence[Customer]) -> Mapping[str, Mapping[str, Sequence[bytes]]]:
    """What is asked of ours and of the limit; they answer with the same rows."""

    def read(path: str, same: str) -> Mapping[str, Sequence[bytes]]:
        return {
            "ours": [request("GET", f"{API}{path}", headers=one.headers) for one in customers],
            "limit": [request("GET", same.format(user_id=one.user_id)) for one in customers],
        }

    return {
        "/jobs": read("/jobs", "/jobs/{user_id}/21"),
        "/jobs?limit=100": read("/jobs?limit=100", "/jobs/{user_id}/101"),
        "/dashboard": read("/dashboard", "/dashboard/{user_id}"),
    }


def _row(path: str, rounds: list[tuple[Answered, Answered]]) -> dict[str, Any]:
    return {
        "path": path,
        "per_second": round(median(ours.per_second for _, ours in rounds)),
        "limit_per_second": round(median(limit.per_second for limit, _ in rounds)),
        "p50_ms": round(median(ours.p50_ms for _, ours in rounds), 2),
        "p95_ms": round(median(ours.p95_ms for _, ours in rounds), 2),
        "ratio_to_limit": round(median(ours.per_second / limit.per_second for limit, ours in rounds), 3),
        "failed": sum(limit.failed + ours.failed for limit, ours in rounds),
    }


def _customers_with_jobs(installation: Installation) -> list[Customer]:
    follow = installation.follow()
    with installation.container() as container:
        people = People(container)
        customers = [people.join(credits=JOBS) for _ in range(CUSTOMERS)]
        for customer in customers:
            for number in range(JOBS):
                job_id = people.submit(customer, [people.upload(customer, b"photo %d" % number)])
                people.deliver(customer, job_id, [b"result %d" % number])
        installation.wait_until_followed()
    installation.stop(follow)
    with psycopg.connect(installation.postgres.superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    say(f"{CUSTOMERS} customers with {JOBS} jobs each")
    return customers
