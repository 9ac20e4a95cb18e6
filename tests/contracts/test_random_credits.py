"""Random histories of credits, saved and loaded again at every step: the plain rules hold in PostgreSQL too."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from domain.credit_ledger import CreditLedger
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.store import EventSourcedStore
from infrastructure.postgres.database import Database
from tests.contracts.ports import MASTER_KEY
from tests.domain.histories_of_credits import HistoryOfCredits

QUICK = settings(
    derandomize=True,
    max_examples=15,
    stateful_step_count=30,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Stored:
    """A ledger that nobody keeps in memory."""

    def __init__(self, store: EventSourcedStore) -> None:
        opened = CreditLedger.open(uuid4())
        store.save(opened)
        self._store = store
        self._id = opened.id

    @property
    def ledger(self) -> CreditLedger:
        return self._store.get(CreditLedger, self._id)

    def perform(self, command: Callable[[CreditLedger], None]) -> bool:
        ledger = self.ledger
        before = ledger.version
        command(ledger)
        self._store.save(ledger)
        return self.ledger.version > before


def test_random_histories_on_postgresql(database: Any) -> None:
    connected = Database(database.app_url)
    connected.open()
    store = EventSourcedStore(connected, EventMapper(Keyring(connected, MASTER_KEY)), on_commit=lambda: None)

    class OnPostgres(HistoryOfCredits):
        def subject(self) -> Stored:
            return Stored(store)

    try:
        run_state_machine_as_test(OnPostgres, settings=QUICK)
    finally:
        connected.close()
