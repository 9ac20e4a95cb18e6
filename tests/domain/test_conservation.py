"""Whatever happens in whatever order, no credit appears, vanishes or is in two places at once.

Sixty histories, the same each time. `HISTORIES=5000 python -m pytest tests/domain/test_conservation.py` takes
as many as that, other ones each time, and shows the shortest one that goes wrong; `.ci/run` takes 500.
"""

import os
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis.stateful import invariant

from domain.credit_ledger import CreditLedger
from tests.domain.histories_of_credits import HistoryOfCredits
from tests.domain.history import state

HISTORIES = 60
"""Of 28 steps on average: what was broken on purpose, a line at a time, mostly shows within the first 16."""
MANY = int(os.environ.get("HISTORIES", "0"))


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
    derandomize=not MANY, max_examples=MANY or HISTORIES, stateful_step_count=40
)
test_random_histories = RandomHistory.TestCase
