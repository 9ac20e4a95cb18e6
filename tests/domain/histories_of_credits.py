"""Random histories of a credit ledger, each step told to the plain rules as well: whoever runs them compares."""

from collections import Counter
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
from tests.domain.asked import CONFLICT, DONE, NO_AMOUNT, REPEATED, TOO_FEW, UNKNOWN, Asked
from tests.domain.plain_ledger import NEVER, PlainLedger, PlainLot

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
        self.asked = Asked()
        self.jobs: dict[UUID, int] = {}
        """Every job that ever held credits, and how many."""
        self.prices: dict[UUID, int] = {}
        """What was said to have been paid for each lot of which something was reversed."""

    @property
    def purchases(self) -> dict[UUID, PlainLot]:
        return {key: lot for key, lot in self.plain.lots.items() if lot.source == Source.PURCHASE}

    @property
    def held(self) -> dict[UUID, int]:
        return {job: held for job, held in self.jobs.items() if (job, "settled") not in self.asked.said}

    def available(self) -> int:
        return len(self.plain.usable(self.now))

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

    @precondition(lambda self: self.available())
    @rule(share=WHICH)
    def hold(self, share: int) -> None:
        self.hold_for(self.new_job(), 1 + share % self.available())

    @rule(more=AMOUNTS)
    def hold_too_many(self, more: int) -> None:
        self.hold_for(self.new_job(), self.available() + more)

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH, credits=ODD_AMOUNTS)
    def hold_again(self, which: int, credits: int) -> None:
        self.hold_for(nth(self.jobs, which)[0], credits)

    @precondition(lambda self: self.held)
    @rule(which=WHICH, share=WHICH)
    def settle(self, which: int, share: int) -> None:
        job, held = nth(self.held, which)
        self.settle_job(job, share % (held + 1))

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH, delivered=ODD_AMOUNTS)
    def settle_anything(self, which: int, delivered: int) -> None:
        known_or_not = {**self.jobs, self.new_job(): 0}
        self.settle_job(nth(known_or_not, which)[0], delivered)

    @rule(which=WHICH, dispute=WHICH)
    def freeze(self, which: int, dispute: int) -> None:
        lot, _ = nth(self.purchases, which)
        name = f"dp_{dispute % 4}"
        expected = self.asked.outcome(name, lot)
        if expected == DONE:
            self.plain.lots[lot].disputes.add(name)
        self.same(lambda ledger: ledger.freeze(lot, name), expected)

    @rule(dispute=WHICH)
    def thaw(self, dispute: int) -> None:
        name = self.known("dp_", dispute)
        unknown = None if name in self.asked.said else UNKNOWN
        expected = self.asked.outcome((name, "over"), None, first=unknown)
        if expected == DONE:
            for lot in self.plain.lots.values():
                lot.disputes.discard(name)
            self.plain.expire(self.now)
        self.same(lambda ledger: ledger.thaw(name, self.now), expected)

    @precondition(lambda self: self.available() and not self.plain.debt)
    @rule(share=WHICH, delivered=WHICH)
    def spend(self, share: int, delivered: int) -> None:
        held, job = 1 + share % self.available(), self.new_job()
        self.hold_for(job, held)
        self.settle_job(job, delivered % (held + 1))

    @rule(which=WHICH, cents=CENTS)
    def reverse(self, which: int, cents: int) -> None:
        lot, _ = nth(self.purchases, which)
        self.reverse_lot(lot, f"re_{len(self.asked.said)}", cents, PAID)

    @rule(which=WHICH, refund=WHICH, cents=ODD_CENTS, paid=some.sampled_from([PAID, PAID, 90]))
    def reverse_anything(self, which: int, refund: int, cents: int, paid: int) -> None:
        self.reverse_lot(nth(self.plain.lots, which)[0], self.known("re_", refund), cents, paid)

    @rule(refund=WHICH)
    def cancel_a_reversal(self, refund: int) -> None:
        name = self.known("re_", refund)
        unknown = None if name in self.asked.said else UNKNOWN
        expected = self.asked.outcome((name, "over"), None, first=unknown)
        if expected == DONE:
            lot = next(key for key, lot in self.plain.lots.items() if name in lot.amounts)
            self.plain.cancel(lot, name)
        self.same(lambda ledger: ledger.cancel_reversal(name), expected)

    @rule(which=WHICH, credits=ODD_AMOUNTS)
    def take_away(self, which: int, credits: int) -> None:
        adjustment = UUID(int=995 + which)
        expected = self.asked.outcome(
            adjustment,
            credits,
            first=NO_AMOUNT if credits < 1 else None,
            last=TOO_FEW if credits > self.available() else None,
        )
        if expected == DONE:
            self.plain.take("adjusted", credits, self.now)
        self.same(
            lambda ledger: ledger.take_away(
                adjustment, credits, reason="a mistake", actor="user:1", now=self.now
            ),
            expected,
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
            key: {
                "left": lot.left,
                "held": lot.held,
                "spent": lot.spent,
                "expired": lot.expired,
                "taken back": lot.taken_back,
                "repaid": lot.repaid,
            }
            for key, lot in ledger.lots.items()
        }
        assert ours == {key: self.places(lot) for key, lot in self.plain.lots.items()}
        assert ledger.available(self.now) == self.available()
        assert ledger.debt == self.plain.debt
        assert ledger.holds.keys() == self.held.keys()

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
        known = [str(said) for said in self.asked.said if str(said).startswith(prefix)]
        return [*known, f"{prefix}unknown"][which % (len(known) + 1)]

    def new_job(self) -> UUID:
        return UUID(int=2000 + len(self.jobs))

    def places(self, lot: PlainLot) -> dict[str, int]:
        at = Counter(
            "held" if isinstance(one.at, UUID) else one.at for one in self.plain.credits if one.lot is lot
        )
        taken_back = at["adjusted"] + at["reversed"] + at["given back"] + at["repaid"]
        return {name: at[name] for name in ("left", "held", "spent", "expired", "repaid")} | {
            "taken back": taken_back
        }

    def grant_lot(self, lot: UUID, source: Source, credits: int, expires: datetime | None) -> None:
        expected = self.asked.outcome(
            lot, (source, credits, expires), first=NO_AMOUNT if credits < 1 else None
        )
        if expected == DONE:
            self.plain.grant(lot, source.value, credits, expires or NEVER, lot)
        self.same(
            lambda ledger: ledger.grant(lot, source, credits, expires_at=expires, reference="a receipt"),
            expected,
        )

    def hold_for(self, job: UUID, credits: int) -> None:
        expected = self.asked.outcome(
            job,
            credits,
            first=NO_AMOUNT if credits < 1 else None,
            last=TOO_FEW if self.plain.debt or credits > self.available() else None,
        )
        if expected == DONE:
            self.jobs[job] = credits
            self.plain.take(job, credits, self.now)
        self.same(lambda ledger: ledger.hold(job, credits, self.now), expected)

    def settle_job(self, job: UUID, delivered: int) -> None:
        expected = self.asked.outcome(
            (job, "settled"),
            delivered,
            first=None if job in self.jobs else UNKNOWN,
            last=None if 0 <= delivered <= self.jobs.get(job, 0) else NO_AMOUNT,
        )
        if expected == DONE:
            self.plain.settle(job, delivered, self.now)
        self.same(lambda ledger: ledger.settle(job, delivered=delivered, now=self.now), expected)

    def reverse_lot(self, lot: UUID, reversal: str, cents: int, paid: int) -> None:
        wrong = UNKNOWN if lot not in self.purchases else NO_AMOUNT if cents < 1 else None
        other_price = CONFLICT if self.prices.get(lot, paid) != paid else None
        expected = self.asked.outcome(reversal, (lot, cents, paid), first=wrong, last=other_price)
        if expected == DONE:
            self.prices[lot] = self.plain.lots[lot].paid = paid
            self.plain.lots[lot].amounts[reversal] = cents
            self.plain.collect(lot)
        self.same(lambda ledger: ledger.reverse(lot, reversal, amount=cents, paid=paid), expected)

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
