"""Random histories of a credit ledger, each step told to the plain rules as well: whoever runs them compares."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.credit_errors import (
    DisputeNotFound,
    HoldNotFound,
    InsufficientCredits,
    NotACreditAmount,
    NotAPayment,
    PurchaseLotNotFound,
    ReversalNotFound,
)
from domain.credit_ledger import CreditLedger
from domain.errors import Conflict, DomainError
from domain.lots import Source
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
EXPIRIES = some.sampled_from([None, None, *(BEGIN + timedelta(hours=hours) for hours in (1, 4, 8))])
WHICH = some.integers(0, 9)
CENTS, ODD_CENTS = some.sampled_from([1, 20, 34, 50, 100, 120]), some.integers(0, 300)
PAID = 100
REFUSALS: dict[type[DomainError], str] = {
    Conflict: CONFLICT,
    InsufficientCredits: TOO_FEW,
    HoldNotFound: UNKNOWN,
    PurchaseLotNotFound: UNKNOWN,
    DisputeNotFound: UNKNOWN,
    ReversalNotFound: UNKNOWN,
    NotACreditAmount: NO_AMOUNT,
    NotAPayment: NO_AMOUNT,
}


class Subject(Protocol):
    """A ledger, wherever it is kept."""

    @property
    def ledger(self) -> CreditLedger:
        """As it is now."""
        ...

    def perform(self, command: Callable[[CreditLedger], None]) -> bool:
        """Whether the command changed anything."""
        ...


class HistoryOfCredits(RuleBasedStateMachine):
    """Every command new, repeated, with other content and with ids that nobody knows; and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.ours = self.subject()
        self.plain = PlainLedger()

    def subject(self) -> Subject:
        raise NotImplementedError

    @initialize(credits=AMOUNTS, other=AMOUNTS)
    def begin_with_two_purchases(self, credits: int, other: int) -> None:
        self.buy(credits)
        self.buy(other)

    @rule(source=SOURCES, credits=AMOUNTS, expires=EXPIRIES)
    def grant(self, source: Source, credits: int, expires: datetime | None) -> None:
        self.grant_lot(UUID(int=1000 - len(self.plain.lots)), source, credits, expires)

    @rule(credits=AMOUNTS)
    def buy(self, credits: int) -> None:
        self.grant(Source.PURCHASE, credits, None)

    @rule(which=WHICH)
    def grant_the_same_again(self, which: int) -> None:
        lot, known = nth(self.plain.lots, which)
        if known.family == lot:
            expires = None if known.expires == NEVER else known.expires
            self.grant_lot(lot, Source(known.source), known.granted, expires)

    @rule(which=WHICH, source=SOURCES, credits=ODD_AMOUNTS, expires=EXPIRIES)
    def grant_something_else_again(
        self, which: int, source: Source, credits: int, expires: datetime | None
    ) -> None:
        lot, known = nth(self.plain.lots, which)
        if known.family == lot:
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

    @rule(which=WHICH, dispute=WHICH)
    def freeze(self, which: int, dispute: int) -> None:
        lot, _ = nth(self.plain.purchases, which)
        name = f"dp_{dispute % 4}"
        self.same(lambda ledger: ledger.freeze(lot, name), self.plain.freeze(lot, name))

    @rule(dispute=WHICH)
    def thaw(self, dispute: int) -> None:
        name = self.known("dp_", dispute)
        self.same(lambda ledger: ledger.thaw(name, self.now), self.plain.thaw(name, self.now))

    @precondition(lambda self: self.plain.available(self.now) and not self.plain.debt)
    @rule(share=WHICH, delivered=WHICH)
    def spend(self, share: int, delivered: int) -> None:
        held, job = 1 + share % self.plain.available(self.now), self.new_job()
        self.hold_for(job, held)
        self.settle_job(job, delivered % (held + 1))

    @rule(which=WHICH, cents=CENTS)
    def reverse(self, which: int, cents: int) -> None:
        lot, _ = nth(self.plain.purchases, which)
        self.reverse_lot(lot, f"re_{len(self.plain.said)}", cents, PAID)

    @rule(which=WHICH, refund=WHICH, cents=ODD_CENTS, paid=some.sampled_from([PAID, PAID, 90]))
    def reverse_anything(self, which: int, refund: int, cents: int, paid: int) -> None:
        self.reverse_lot(nth(self.plain.lots, which)[0], self.known("re_", refund), cents, paid)

    @rule(refund=WHICH)
    def cancel_a_reversal(self, refund: int) -> None:
        name = self.known("re_", refund)
        self.same(lambda ledger: ledger.cancel_reversal(name), self.plain.cancel(name))

    @rule(which=WHICH, credits=ODD_AMOUNTS)
    def take_away(self, which: int, credits: int) -> None:
        adjustment = UUID(int=995 + which)
        self.same(
            lambda ledger: ledger.take_away(
                adjustment, credits, reason="a mistake", actor="user:1", now=self.now
            ),
            self.plain.take_away(adjustment, credits, self.now),
        )

    @rule(hours=some.integers(1, 3))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def expire(self) -> None:
        self.ours.perform(lambda ledger: ledger.expire(self.now))
        self.plain.expire(self.now)

    @invariant()
    def every_credit_is_where_the_plain_rules_say(self) -> None:
        ledger = self.ours.ledger
        ours = {
            key: (lot.credits, lot.left, lot.held, lot.spent, lot.expired, lot.taken_back, lot.repaid)
            for key, lot in ledger.lots.items()
        }
        theirs = {
            key: (lot.granted, lot.left, lot.held, lot.spent, lot.expired, lot.taken + lot.repaid, lot.repaid)
            for key, lot in self.plain.lots.items()
        }
        assert ours == theirs
        assert ledger.available(self.now) == self.plain.available(self.now)
        assert ledger.debt == self.plain.debt
        assert ledger.holds.keys() == self.plain.held.keys()

    @invariant()
    def no_credit_appears_or_vanishes(self) -> None:
        ledger = self.ours.ledger
        for lot in ledger.lots.values():
            places = (lot.available, lot.held, lot.frozen, lot.spent, lot.expired, lot.taken_back)
            assert min(places) >= 0
            assert sum(places) == lot.credits
            assert 0 <= lot.debt <= lot.charged <= lot.reversed <= lot.credits
            assert lot.frozen_by or not lot.frozen
        held = sum(sum(lots.values()) for lots in ledger.holds.values())
        spent = sum(settlement.delivered for settlement in ledger.settlements.values())
        assert held == sum(lot.held for lot in ledger.lots.values())
        assert spent == sum(lot.spent for lot in ledger.lots.values())

    def known(self, prefix: str, which: int) -> str:
        """One of the disputes or reversals so far, or now and then one that nobody knows."""
        known = [str(said) for said in self.plain.said if str(said).startswith(prefix)]
        return [*known, f"{prefix}unknown"][which % (len(known) + 1)]

    def new_job(self) -> UUID:
        return UUID(int=2000 + len(self.plain.jobs))

    def grant_lot(self, lot: UUID, source: Source, credits: int, expires: datetime | None) -> None:
        self.same(
            lambda ledger: ledger.grant(lot, source, credits, expires_at=expires, reference="a receipt"),
            self.plain.grant(lot, source.value, credits, expires),
        )

    def hold_for(self, job: UUID, credits: int) -> None:
        self.same(lambda ledger: ledger.hold(job, credits, self.now), self.plain.hold(job, credits, self.now))

    def settle_job(self, job: UUID, delivered: int) -> None:
        self.same(
            lambda ledger: ledger.settle(job, delivered=delivered, now=self.now),
            self.plain.settle(job, delivered, self.now),
        )

    def reverse_lot(self, lot: UUID, reversal: str, cents: int, paid: int) -> None:
        self.same(
            lambda ledger: ledger.reverse(lot, reversal, amount=cents, paid=paid),
            self.plain.reverse(lot, reversal, cents, paid),
        )

    def same(self, command: Callable[[CreditLedger], Any], expected: str) -> None:
        before = self.ours.ledger.version
        try:
            outcome = DONE if self.ours.perform(command) else REPEATED
        except DomainError as refusal:
            assert self.ours.ledger.version == before
            outcome = REFUSALS[type(refusal)]
        assert outcome == expected


def nth(some_of: Mapping[UUID, T], which: int) -> tuple[UUID, T]:
    """One of them, wrapping around."""
    return list(some_of.items())[which % len(some_of)]
