"""Whatever happens in whatever order, no credit appears, vanishes or is in two places at once."""

from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis.stateful import invariant

from domain.credit_ledger import CreditLedger
from tests.domain.histories_of_credits import HistoryOfCredits
from tests.domain.history import state


class InMemory:
    """The aggregate itself, from which nothing is ever saved."""

    def __init__(self) -> None:
        self.ledger = CreditLedger.open(UUID(int=1))

    def perform(self, command: Any) -> bool:
        before = self.ledger.version
        command(self.ledger)
        return self.ledger.version > before


class RandomHistory(HistoryOfCredits):
    replayed: Any = None
    """What the events tell, each of which is applied once, right after the command that recorded it."""

    def subject(self) -> InMemory:
        return InMemory()

    @invariant()
    def the_recorded_events_tell_the_same(self) -> None:
        told = self.replayed.version if self.replayed else 0
        for event in self.ours.ledger.pending_events[told:]:
            self.replayed = event.mutate(self.replayed)
        assert state(self.replayed) == state(self.ours.ledger)


RandomHistory.TestCase.settings = settings(
    derandomize=True, max_examples=150, stateful_step_count=40, deadline=None
)
test_random_histories = RandomHistory.TestCase
