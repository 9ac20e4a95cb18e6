"""A ledger with 100,000 entries: a page of its statement, its balance as of any moment, and checking its chain."""

import hashlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median, quantiles
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg

from bench.installation import Installation, installed
from bench.people import Customer, People
from bench.report import say
from domain.credit_ledger import CreditLedger
from domain.user import Role, User
from infrastructure.event_store.chain import fields_of
from infrastructure.queries import chains
from infrastructure.wiring import Container
from interfaces.rest import cursors

ENTRIES = 100_000
ASKED = 100
"""How often each question is asked, each time about another moment."""
ROUNDS = 5
"""How often the chain is checked."""
JOBS_PER_PURCHASE = 24
_METADATA = b'{"actor":"user:bench","cause":"request:bench","correlation":"bench"}'
_COPY = """
    COPY event_store.events
        (position, originator_id, originator_version, topic, state, metadata, owner, recorded_at, hash)
    FROM STDIN (FORMAT BINARY)
"""
_TYPES = ["int8", "uuid", "int8", "text", "bytea", "bytea", "uuid", "timestamptz", "bytea"]


@dataclass(frozen=True)
class Entry:
    """An event as it is stored; its hash is added when all before it is known."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes
    metadata: bytes
    owner: UUID
    recorded_at: datetime
    hash: bytes = b""


def run() -> dict[str, Any]:
    """`page_ms` and `as_of_ms` are what 95 of 100 stay below, over HTTP, at any depth of the ledger."""
    with installed() as installation:
        follow = installation.follow()
        with installation.container() as container:
            auditor = People(container).join(credits=1)
            _make_auditor(container, auditor)
            customer = People(container).join(credits=1)
            last = _fill(installation.postgres.superuser_url, customer.user_id)
            installation.wait_until_followed()
        installation.stop(follow)
        with psycopg.connect(installation.postgres.superuser_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        say(f"One ledger with {ENTRIES} entries")
        with httpx.Client(base_url=f"{installation.serve().url}/api/v1") as client:
            pages = _asked(client, customer, _pages())
            moments = _asked(client, auditor, _moments(customer.user_id, last))
        return {
            "entries": ENTRIES,
            "page_ms": _p95(pages),
            "page_median_ms": round(median(pages), 2),
            "as_of_ms": _p95(moments),
            "as_of_median_ms": round(median(moments), 2),
            "verify_events_per_second": _verified(installation, customer.user_id),
        }


def _fill(superuser_url: str, user_id: UUID) -> int:
    """Copy the entries in, chained as they would be if they had been appended; the last position."""
    with psycopg.connect(superuser_url) as connection:
        position, version, previous = connection.execute(
            "SELECT (SELECT max(position) FROM event_store.events), originator_version, hash "
            "FROM event_store.events WHERE originator_id = %s ORDER BY originator_version DESC LIMIT 1",
            [CreditLedger.id_for(user_id)],
        ).fetchall()[0]
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for entry in _entries(user_id, position + 1, version + 1):
                previous = hashlib.sha256(previous + fields_of(entry)).digest()
                copy.write_row(tuple(vars(replace(entry, hash=previous)).values()))
                position = entry.position
        connection.execute("SELECT setval('event_store.events_position_seq', %s)", [position])
    return int(position)


def _entries(user_id: UUID, position: int, version: int) -> Iterator[Entry]:
    began = datetime.now(UTC)
    for number, (name, state) in enumerate(islice(_movements(), ENTRIES - version + 1)):
        yield Entry(
            position=position + number,
            stream_id=CreditLedger.id_for(user_id),
            version=version + number,
            topic=f"CreditLedger.{name}",
            state=msgspec.json.encode(state),
            metadata=_METADATA,
            owner=user_id,
            recorded_at=began + timedelta(milliseconds=number),
        )


def _movements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Packs of credits, and the jobs that use them up."""
    while True:
        lot = uuid4()
        yield (
            "Granted",
            {
                "lot_id": lot,
                "source": "purchase",
                "credits": 2 * JOBS_PER_PURCHASE,
                "expires_at": None,
                "reference": "PACK_50_CREDITS",
                "restores": None,
            },
        )
        for _ in range(JOBS_PER_PURCHASE):
            job = uuid4()
            yield "Held", {"job_id": job, "lots": {str(lot): 2}}
            yield "Settled", {"job_id": job, "delivered": {str(lot): 2}, "returned": {}}


def _make_auditor(container: Container, customer: Customer) -> None:
    user = container.store.get(User, customer.user_id)
    user.grant_role(Role.AUDITOR)
    container.store.save(user)


def _pages() -> Iterator[str]:
    chance = random.Random(1)
    yield "/billing/statement"
    for _ in range(ASKED - 1):
        yield f"/billing/statement?cursor={cursors.encoded(chance.randint(100, ENTRIES))}"


def _moments(user_id: UUID, last: int) -> Iterator[str]:
    chance = random.Random(2)
    for _ in range(ASKED):
        yield f"/audit/ledgers/{user_id}?as_of={last - chance.randint(0, ENTRIES - 100)}"


def _asked(client: httpx.Client, customer: Customer, paths: Iterator[str]) -> list[float]:
    """Milliseconds from sending each question to having read its answer."""
    took = []
    for path in paths:
        began = time.perf_counter()
        client.get(path, headers=customer.headers).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
    return took


def _verified(installation: Installation, user_id: UUID) -> int:
    """Events checked in a second, reading them from the database included."""
    rates = []
    with psycopg.connect(installation.postgres.app_url, autocommit=True) as connection:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            chain = chains.verify(connection, CreditLedger.id_for(user_id))
            if chain.broken or chain.events != ENTRIES:
                raise RuntimeError(f"the chain does not hold: {chain}")
            rates.append(chain.events / (time.perf_counter() - began))
    return round(median(rates))


def _p95(took: list[float]) -> float:
    return round(quantiles(took, n=20)[-1], 2)
