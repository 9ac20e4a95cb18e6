"""Whatever happens in whatever order, no credit appears, vanishes or is in two places at once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.credit_ledger import CreditLedger, HoldNotFound, InsufficientCredits, NotACreditAmount
from domain.errors import Conflict, DomainError
from domain.lots import Source
from tests.domain.history import state
from tests.domain.plain_ledger import (
    CONFLICT,
    DONE,
    NEVER,
    NO_AMOUNT,
    REPEATED,
    TOO_FEW,
    UNKNOWN,
    PlainLedger,
)

T = TypeVar("T")

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
AMOUNTS = some.integers(1, 6)
ODD_AMOUNTS = some.integers(-1, 7)
SOURCES = some.sampled_from(Source)
EXPIRIES = some.sampled_from([None, *(BEGIN + timedelta(hours=hours) for hours in (1, 4, 8))])
WHICH = some.integers(0, 9)
REFUSALS: dict[type[DomainError], str] = {
    Conflict: CONFLICT,
    InsufficientCredits: TOO_FEW,
    HoldNotFound: UNKNOWN,
    NotACreditAmount: NO_AMOUNT,
}


class RandomHistory(RuleBasedStateMachine):
    """New lots and jobs, repetitions of old ones with the same or other content, and time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.ledger = CreditLedger.open(UUID(int=1))
        self.plain = PlainLedger()

    @rule(source=SOURCES, credits=AMOUNTS, expires=EXPIRIES)
    def grant(self, source: Source, credits: int, expires: datetime | None) -> None:
        self.grant_lot(UUID(int=100 - len(self.plain.lots)), source, credits, expires)

    @precondition(lambda self: self.plain.lots)
    @rule(which=WHICH)
    def grant_the_same_again(self, which: int) -> None:
        lot, known = nth(self.plain.lots, which)
        self.grant_lot(
            lot, Source(known.source), known.granted, None if known.expires == NEVER else known.expires
        )

    @precondition(lambda self: self.plain.lots)
    @rule(which=WHICH, source=SOURCES, credits=ODD_AMOUNTS, expires=EXPIRIES)
    def grant_something_else_again(
        self, which: int, source: Source, credits: int, expires: datetime | None
    ) -> None:
        lot, _ = nth(self.plain.lots, which)
        self.grant_lot(lot, source, credits, expires)

    @precondition(lambda self: self.plain.available(self.now))
    @rule(share=WHICH)
    def hold(self, share: int) -> None:
        self.hold_for(self.new_job(), 1 + share % self.plain.available(self.now))

    @rule(more=AMOUNTS)
    def hold_too_many(self, more: int) -> None:
        self.hold_for(self.new_job(), self.plain.available(self.now) + more)

    @precondition(lambda self: self.plain.jobs)
    @rule(which=WHICH, credits=ODD_AMOUNTS)
    def hold_again(self, which: int, credits: int) -> None:
        self.hold_for(nth(self.plain.jobs, which)[0], credits)

    @precondition(lambda self: self.plain.held)
    @rule(which=WHICH, share=WHICH)
    def settle(self, which: int, share: int) -> None:
        job, lots = nth(self.plain.held, which)
        self.settle_job(job, share % (len(lots) + 1))

    @precondition(lambda self: self.plain.jobs)
    @rule(which=WHICH, delivered=ODD_AMOUNTS)
    def settle_anything(self, which: int, delivered: int) -> None:
        known_or_not = {**self.plain.jobs, self.new_job(): 0}
        self.settle_job(nth(known_or_not, which)[0], delivered)

    @rule(hours=some.integers(1, 3))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def expire(self) -> None:
        self.ledger.expire(self.now)
        self.plain.expire(self.now)

    @invariant()
    def every_credit_is_where_the_plain_rules_say(self) -> None:
        ours = {
            key: (lot.credits, lot.available, lot.held, lot.spent, lot.expired)
            for key, lot in self.ledger.lots.items()
        }
        theirs = {
            key: (lot.granted, lot.available, lot.held, lot.spent, lot.expired)
            for key, lot in self.plain.lots.items()
        }
        assert ours == theirs
        assert self.ledger.available(self.now) == self.plain.available(self.now)
        assert self.ledger.holds.keys() == self.plain.held.keys()

    @invariant()
    def no_credit_appears_or_vanishes(self) -> None:
        for lot in self.ledger.lots.values():
            places = (lot.available, lot.held, lot.spent, lot.expired)
            assert min(places) >= 0
            assert sum(places) == lot.credits
        held = sum(sum(lots.values()) for lots in self.ledger.holds.values())
        spent = sum(settlement.delivered for settlement in self.ledger.settlements.values())
        assert held == sum(lot.held for lot in self.ledger.lots.values())
        assert spent == sum(lot.spent for lot in self.ledger.lots.values())

    @invariant()
    def the_recorded_events_tell_the_same(self) -> None:
        replayed: Any = None
        for event in self.ledger.pending_events:
            replayed = event.mutate(replayed)
        assert state(replayed) == state(self.ledger)

    def new_job(self) -> UUID:
        return UUID(int=200 + len(self.plain.jobs))

    def grant_lot(self, lot: UUID, source: Source, credits: int, expires: datetime | None) -> None:
        outcome = self.outcome(
            lambda: self.ledger.grant(lot, source, credits, expires_at=expires, reference="a receipt")
        )
        assert outcome == self.plain.grant(lot, source.value, credits, expires)

    def hold_for(self, job: UUID, credits: int) -> None:
        outcome = self.outcome(lambda: self.ledger.hold(job, credits, self.now))
        assert outcome == self.plain.hold(job, credits, self.now)

    def settle_job(self, job: UUID, delivered: int) -> None:
        outcome = self.outcome(lambda: self.ledger.settle(job, delivered=delivered, now=self.now))
        assert outcome == self.plain.settle(job, delivered, self.now)

    def outcome(self, command: Callable[[], None]) -> str:
        before = self.ledger.version
        try:
            command()
        except DomainError as refusal:
            assert self.ledger.version == before
            return REFUSALS[type(refusal)]
        return DONE if self.ledger.version > before else REPEATED


def nth(some_of: Mapping[UUID, T], which: int) -> tuple[UUID, T]:
    """One of them, wrapping around."""
    return list(some_of.items())[which % len(some_of)]


RandomHistory.TestCase.settings = settings(
    derandomize=True, max_examples=30, stateful_step_count=30, deadline=None
)
test_random_histories = RandomHistory.TestCase
