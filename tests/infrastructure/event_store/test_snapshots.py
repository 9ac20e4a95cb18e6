"""Long streams load from a snapshot, and nobody can tell but by the time it takes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.snapshots import EVERY, Snapshots
from infrastructure.event_store.store import EventSourcedStore
from infrastructure.postgres.database import Database
from tests.servers import FreshDatabase

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN = uuid4()
LEDGER = CreditLedger.id_for(ANN)


@pytest.fixture
def opened(database: FreshDatabase) -> Iterator[Database]:
    opened = Database(database.app_url)
    opened.open()
    yield opened
    opened.close()


def store_on(opened: Database) -> EventSourcedStore:
    return EventSourcedStore(opened, EventMapper(Keyring(opened, b"m" * 32)), on_commit=lambda: None)


def long_ledger(store: EventSourcedStore) -> CreditLedger:
    ledger = CreditLedger.open(ANN)
    ledger.grant(uuid4(), Source.PROMO, 500, expires_at=NOW + timedelta(days=9), reference="promo")
    ledger.grant(uuid4(), Source.PURCHASE, 500, reference="purchase")
    for _ in range(EVERY // 2):
        job_id = uuid4()
        ledger.hold(job_id, 2, NOW)
        ledger.settle(job_id, delivered=1, now=NOW)
    ledger.hold(uuid4(), 600, NOW)
    store.save(ledger)
    return ledger


def snapshots(opened: Database) -> list[tuple[Any, ...]]:
    with opened.connection() as connection:
        return connection.execute(
            "SELECT originator_version, topic, state FROM event_store.snapshots ORDER BY originator_version"
        ).fetchall()


def told(ledger: CreditLedger) -> dict[str, Any]:
    library = {"_created_on", "_modified_on"}
    return {name: value for name, value in vars(ledger).items() if name not in library}


def test_a_ledger_loaded_from_its_snapshot_is_the_one_that_its_events_make(opened: Database) -> None:
    saved = long_ledger(store_on(opened))
    replayed = store_on(opened).get(CreditLedger, LEDGER)
    assert [version for version, _, _ in snapshots(opened)] == [saved.version]
    restored = store_on(opened).get(CreditLedger, LEDGER)
    assert told(restored) == told(replayed) == told(saved)


def test_events_after_the_snapshot_are_added_to_it_and_it_is_renewed_in_time(opened: Database) -> None:
    store = store_on(opened)
    long_ledger(store)
    first = store.get(CreditLedger, LEDGER).version
    for _ in range(EVERY):
        ledger = store.get(CreditLedger, LEDGER)
        ledger.hold(uuid4(), 1, NOW)
        store.save(ledger)
    assert store.get(CreditLedger, LEDGER).version == first + EVERY
    assert [version for version, _, _ in snapshots(opened)] == [first + EVERY]


def test_a_snapshot_of_other_code_is_not_looked_at(opened: Database) -> None:
    store = store_on(opened)
    long_ledger(store)
    store.get(CreditLedger, LEDGER)
    opened.execute("UPDATE event_store.snapshots SET topic = 'CreditLedger.Snapshot@before', state = 'x'")
    replayed = store_on(opened).get(CreditLedger, LEDGER)
    assert replayed.version == 2 * (EVERY // 2) + 4
    assert {topic for _, topic, _ in snapshots(opened)} == {
        "CreditLedger.Snapshot@before",
        Snapshots.topic(CreditLedger),
    }


def test_a_snapshot_that_somebody_wrote_over_is_refused(opened: Database) -> None:
    store = store_on(opened)
    saved = long_ledger(store)
    store.get(CreditLedger, LEDGER)
    opened.execute("UPDATE event_store.snapshots SET originator_version = originator_version - 1")
    assert told(store_on(opened).get(CreditLedger, LEDGER)) == told(saved)


def test_a_snapshot_is_sealed_and_goes_with_its_owners_key(opened: Database) -> None:
    saved = long_ledger(store_on(opened))
    store_on(opened).get(CreditLedger, LEDGER)
    ((_, _, state),) = snapshots(opened)
    assert b"purchase" not in state
    assert not any(lot_id.bytes in state for lot_id in saved.lots)
    Keyring(opened, b"m" * 32).destroy(ANN)
    assert told(store_on(opened).get(CreditLedger, LEDGER)) == told(saved)
    assert snapshots(opened) == []


def test_what_a_failed_transaction_loaded_is_not_kept(opened: Database) -> None:
    store = store_on(opened)

    def fail() -> None:
        with opened.transaction():
            long_ledger(store)
            store.get(CreditLedger, LEDGER)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert snapshots(opened) == []
    assert store.find(CreditLedger, UUID(int=0)) is None


def test_what_one_loads_and_changes_nobody_else_sees(opened: Database) -> None:
    store = store_on(opened)
    saved = told(long_ledger(store))
    for _ in range(3):
        ledger = store.get(CreditLedger, LEDGER)
        assert told(ledger) == saved
        ledger.hold(uuid4(), 1, NOW)
        for lot in ledger.lots.values():
            lot.available = 0
        ledger.settlements.clear()


def test_what_others_append_is_seen_by_whoever_remembers(opened: Database) -> None:
    here, there = store_on(opened), store_on(opened)
    long_ledger(here)
    for store in (here, there, here, there):
        ledger = store.get(CreditLedger, LEDGER)
        ledger.hold(uuid4(), 1, NOW)
        store.save(ledger)
    assert told(here.get(CreditLedger, LEDGER)) == told(store_on(opened).get(CreditLedger, LEDGER))


def test_what_a_failed_transaction_appended_is_not_remembered(opened: Database) -> None:
    store = store_on(opened)
    saved = told(long_ledger(store))

    def fail() -> None:
        with opened.transaction():
            ledger = store.get(CreditLedger, LEDGER)
            ledger.hold(uuid4(), 1, NOW)
            store.save(ledger)
            store.get(CreditLedger, LEDGER)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert told(store.get(CreditLedger, LEDGER)) == saved
