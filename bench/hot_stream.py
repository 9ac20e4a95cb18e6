"""A credit ledger of 10,000 events: loading it and holding one credit more, as each new job does."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any
from uuid import UUID, uuid4

from bench.pgbench import server
from bench.report import say
from domain.credit_ledger import CreditLedger
from domain.lots import Source
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.store import EventSourcedStore
from infrastructure.postgres.database import Database

EVENTS, ROUNDS = 10_000, 300
_AT_ONCE = 250
"""Jobs that are held and settled in one commit while the ledger is made."""


def run() -> dict[str, Any]:
    """Milliseconds from asking for the ledger until the hold is durable; `cold` are those of a new process."""
    with server() as postgres:
        database = Database(postgres.app_url)
        database.open()
        try:
            store = _store(database)
            ledger_id = _long_ledger(store)
            say(f"a ledger of {store.get(CreditLedger, ledger_id).version:,} events")
            cold = _timed(lambda: _hold(_store(database), ledger_id))
            taken = [_timed(lambda: _hold(store, ledger_id)) for _ in range(ROUNDS)]
            replayed = _replayed(database, ledger_id)
        finally:
            database.close()
    return {
        "p50_ms": round(median(taken), 2),
        "p95_ms": round(quantiles(taken, n=20)[18], 2),
        "cold_ms": round(cold, 2),
        "without_snapshot_ms": round(replayed, 2),
        "events": EVENTS,
    }


def _store(database: Database) -> EventSourcedStore:
    mapper = EventMapper(Keyring(database, b"m" * 32))
    return EventSourcedStore(database, mapper, on_commit=lambda: None)


def _long_ledger(store: EventSourcedStore) -> UUID:
    now = datetime.now(UTC)
    ledger = CreditLedger.open(uuid4())
    ledger.grant(uuid4(), Source.PURCHASE, EVENTS * 10, reference="bench")
    while ledger.version < EVENTS - 1:
        for _ in range(_AT_ONCE):
            job_id = uuid4()
            ledger.hold(job_id, 1, now)
            ledger.settle(job_id, delivered=1, now=now)
        store.save(ledger)
    return ledger.id


def _hold(store: EventSourcedStore, ledger_id: UUID) -> None:
    ledger = store.get(CreditLedger, ledger_id)
    ledger.hold(uuid4(), 1, datetime.now(UTC))
    store.save(ledger)


def _replayed(database: Database, ledger_id: UUID) -> float:
    """What loading and holding takes without any snapshot."""
    database.execute("DELETE FROM event_store.snapshots")
    store = _store(database)
    return _timed(lambda: _hold(store, ledger_id))


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
