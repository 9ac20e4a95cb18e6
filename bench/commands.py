"""Writing over HTTP: what POST /jobs reaches of a handler that inserts one row, durably, and knows nothing else."""

import json
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import psycopg

from bench.installation import Installation, installed
from bench.limit import TABLE
from bench.load import CONNECTIONS, Answered, load, request
from bench.people import Customer, People
from bench.report import say

CUSTOMERS = 16 * CONNECTIONS
"""So many that no two of their jobs are submitted at once: contention for one ledger is another question."""
ROUNDS = 5
JOBS = 2
"""Of each customer in a round: at the end nobody has more unfinished ones than somebody at work might have."""
API = "/api/v1"


def run() -> dict[str, Any]:
    """Ours checks who asks and how often, holds a credit, appends to two streams, and keeps its answer.

    Both wait for the disk before they answer; the two take turns, over 16 connections.
    """
    with installed() as installation:
        rounds = _prepared(installation)
        _make_table(installation)
        ours = installation.serve().url
        limit = installation.serving("bench.limit").url
        load(limit, _limits(next(rounds)), status=202)
        load(ours, next(rounds), status=202)
        say("Both are warm")
        pairs = [
            (load(limit, _limits(wanted), status=202), load(ours, wanted, status=202)) for wanted in rounds
        ]
    return {
        "ratio_to_limit": round(median(ours.per_second / limit.per_second for limit, ours in pairs), 3),
        "routes": [_row("limit", [one for one, _ in pairs]), _row("POST /jobs", [one for _, one in pairs])],
    }


def _prepared(installation: Installation) -> Iterator[list[bytes]]:
    """The requests of each round and of two to warm up."""
    with installation.container() as container:
        people = People(container)
        customers = [people.join(credits=JOBS * (ROUNDS + 2)) for _ in range(CUSTOMERS)]
        rounds = [
            [
                _submission(customer, people.upload(customer, b"photo %d %d" % (number, job)))
                for job in range(JOBS)
                for customer in customers
            ]
            for number in range(ROUNDS + 2)
        ]
    say(f"{CUSTOMERS} customers with {JOBS * (ROUNDS + 2)} photos each")
    return iter(rounds)


def _submission(customer: Customer, upload_id: UUID) -> bytes:
    wanted = {"photos": [{"upload_id": str(upload_id)}], "brief": {"preset": "enhance"}}
    headers = {**customer.headers, "Idempotency-Key": str(uuid4())}
    return request("POST", f"{API}/jobs", headers=headers, body=json.dumps(wanted).encode())


def _limits(ours: Sequence[bytes]) -> list[bytes]:
    """The same bodies to the limit's address."""
    return [one.replace(f"POST {API}/jobs".encode(), b"POST /jobs", 1) for one in ours]


def _make_table(installation: Installation) -> None:
    with psycopg.connect(installation.postgres.superuser_url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {TABLE} (id uuid PRIMARY KEY, upload_id uuid, preset text)")
        connection.execute(f"GRANT INSERT ON {TABLE} TO stage_app")


def _row(route: str, answered: Sequence[Answered]) -> dict[str, Any]:
    return {
        "route": route,
        "per_second": round(median(one.per_second for one in answered)),
        "p50_ms": round(median(one.p50_ms for one in answered), 1),
        "p95_ms": round(median(one.p95_ms for one in answered), 1),
        "failed": sum(one.failed for one in answered),
    }
