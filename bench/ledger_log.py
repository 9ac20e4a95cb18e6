"""A log full of credit ledgers, for benches that read or fold it: copied in, since appending is not measured."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg

from domain.credit_ledger import CreditLedger

EVENTS_PER_LEDGER = 100
_TOGETHER = 500
"""Ledgers that take turns in the log, as those of people do who work on the same day."""
_METADATA = b'{"actor":"user:bench","cause":"request:bench","correlation":"bench"}'
_TYPES = ["uuid", "int8", "text", "bytea", "bytea", "uuid", "timestamptz", "bytea"]
_COPY = """
    COPY event_store.events (originator_id, originator_version, topic, state, metadata, owner, recorded_at, hash)
    FROM STDIN (FORMAT BINARY)
"""
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def fill(superuser_url: str, events: int) -> None:
    """Add so many events of ledgers with 100 events each. Their hashes are no chain: nobody verifies them."""
    with psycopg.connect(superuser_url) as connection:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for number, row in enumerate(islice(_rows(), events)):
                copy.write_row(
                    (*row, BEGAN + timedelta(milliseconds=number), hashlib.sha256(row[3]).digest())
                )
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE, FREEZE) event_store.events")


def _rows() -> Iterator[tuple[Any, ...]]:
    while True:
        ledgers = [_ledger(uuid4()) for _ in range(_TOGETHER)]
        for _ in range(EVENTS_PER_LEDGER):
            for ledger in ledgers:
                yield next(ledger)


def _ledger(user_id: UUID) -> Iterator[tuple[Any, ...]]:
    """What a customer's ledger records: opened, a purchase, then jobs that are held and settled."""
    lot_id, ledger_id = uuid4(), CreditLedger.id_for(user_id)

    def row(version: int, name: str, **state: Any) -> tuple[Any, ...]:
        return (
            *(ledger_id, version, f"CreditLedger.{name}", msgspec.json.encode(state)),
            *(_METADATA, user_id),
        )

    yield row(1, "Opened", user_id=user_id)
    yield row(
        2,
        "Granted",
        lot_id=lot_id,
        source="purchase",
        credits=500,
        expires_at=None,
        reference="PACK_50_CREDITS",
    )
    version = 3
    while True:
        job_id = uuid4()
        yield row(version, "Held", job_id=job_id, lots={lot_id: 3})
        yield row(version + 1, "Settled", job_id=job_id, delivered={lot_id: 2}, returned={lot_id: 1})
        version += 2
