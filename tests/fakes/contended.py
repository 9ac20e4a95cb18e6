"""A store in which something happens at the worst moment: a rival's act, or a failure."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from uuid import UUID

from domain.aggregate import Aggregate
from tests.fakes.store import MemoryStore


@dataclass(frozen=True)
class ContendedStore(MemoryStore):
    before_transactions: list[Callable[[], object]] = field(default_factory=list)
    """Each comes once, when a use case has loaded what it needs and is about to write."""
    before_saves: list[Callable[[], object]] = field(default_factory=list)
    """Each comes once, inside of a transaction that may have written elsewhere already."""

    def transaction(self, *locked: UUID) -> AbstractContextManager[None]:
        if self.before_transactions:
            self.before_transactions.pop(0)()
        return super().transaction(*locked)

    def save(self, *aggregates: Aggregate) -> None:
        if self.before_saves:
            self.before_saves.pop(0)()
        super().save(*aggregates)
