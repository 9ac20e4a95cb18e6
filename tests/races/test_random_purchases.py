"""Random histories of purchases on PostgreSQL: customer, bank and jobs act, messages come late, twice and at once."""

import collections
import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.purchase import Purchase, PurchaseStatus
from domain.stripe_event import HANDLED
from tests.contracts.cashiers import Counter, on_stripe
from tests.domain.plain_ledger import NEVER
from tests.races.ground import Ground, at_once
from tests.races.plain_purchases import PlainPayment, PlainShop
from tests.races.test_payments import Till
from tests.stripe_stand_in.server import StripeStandIn

WHICH = some.integers(0, 99)
CENTS = some.sampled_from([1, 89, 90, 91, 300, 540, 1800])
OF_PAYMENTS = frozenset(
    f"CreditLedger.{name}" for name in ("Granted", "Reversed", "ReversalCancelled", "Frozen", "Thawed")
)
OFFERS = {"PAYG_IMAGE_CREDIT": (1, 100), "PACK_20_CREDITS": (20, 1800)}
HISTORIES = settings(
    derandomize=True,
    max_examples=4,
    stateful_step_count=30,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class HistoryOfPurchases(RuleBasedStateMachine):
    ground: Ground
    counter: Counter | None = None
    """Who sells, and what customer and bank do there; the sandbox if it is none."""

    @initialize()
    def begin_with_two_paid_checkouts(self) -> None:
        self.till = Till(self.ground, self.counter)
        self.user = self.ground.user(credits=5)
        self.plain = PlainShop()
        self.purchases: dict[str, UUID] = {}
        """By session."""
        self.jobs: dict[UUID, int] = {}
        self.told = {json.loads(body)["id"] for body in self.till.bodies()}
        """Every message so far, also those of histories before."""
        self.messages: list[tuple[str, str]] = []
        """Those of this one, each with its session."""
        for lot in self.ours.lots.values():
            self.plain.ledger.grant(lot.id, lot.source, lot.credits, NEVER, lot.id)
        for offer in OFFERS:
            self.check_out(offer, 1)
            self.pay(len(self.purchases) - 1)

    @property
    def ours(self) -> Any:
        return self.ground.ledger(self.user)

    def usable(self) -> int:
        return len(self.plain.ledger.usable(self.now))

    @property
    def now(self) -> Any:
        return self.ground.container.database.now()

    # Customer and bank.

    @rule(offer=some.sampled_from(sorted(OFFERS)), quantity=some.integers(1, 3))
    def check_out(self, offer: str, quantity: int) -> None:
        purchase_id = uuid4()
        session = self.till.purchases.start(
            purchase_id, user_id=self.user, offer=offer, quantity=quantity, return_path="/billing"
        )
        each, amount = OFFERS[offer]
        lot = self.ground.container.store.get(Purchase, purchase_id).lot_id
        self.purchases[session.session_id] = purchase_id
        self.plain.payments[session.session_id] = PlainPayment(lot, each * quantity, amount * quantity)

    @precondition(lambda self: self.those("open"))
    @rule(which=WHICH)
    def pay(self, which: int) -> None:
        self.act(which, "open", "paid", self.till.cashier.pay)

    @precondition(lambda self: self.those("open"))
    @rule(which=WHICH)
    def pay_by_a_slow_transfer(self, which: int) -> None:
        self.act(which, "open", "processing", self.till.cashier.pay_later)

    @precondition(lambda self: self.those("processing"))
    @rule(which=WHICH)
    def arrive(self, which: int) -> None:
        self.act(which, "processing", "paid", self.till.cashier.arrive)

    @precondition(lambda self: self.those("processing"))
    @rule(which=WHICH)
    def bounce(self, which: int) -> None:
        self.act(which, "processing", "failed", self.till.cashier.bounce)

    @precondition(lambda self: self.those("open"))
    @rule(which=WHICH)
    def decline(self, which: int) -> None:
        self.act(which, "open", "open", self.till.cashier.decline)

    @precondition(lambda self: self.those("open"))
    @rule(which=WHICH)
    def expire(self, which: int) -> None:
        self.act(which, "open", "expired", self.till.cashier.expire)

    @precondition(lambda self: self.those("paid"))
    @rule(which=WHICH, cents=CENTS)
    def refund(self, which: int, cents: int) -> None:
        session = nth(self.those("paid"), which)
        payment = self.plain.payments[session]
        if amount := min(cents, payment.refundable):
            payment.refunds[self.till.cashier.refund(session, amount)] = amount
            self.write_down(session)

    @precondition(lambda self: self.standing())
    @rule(which=WHICH)
    def fail_a_refund(self, which: int) -> None:
        session, refund = nth(self.standing(), which)
        self.till.cashier.fail_refund(session, refund)
        self.plain.payments[session].failed.add(refund)
        self.write_down(session)

    @precondition(lambda self: self.those("paid"))
    @rule(which=WHICH, cents=CENTS)
    def dispute(self, which: int, cents: int) -> None:
        session = nth(self.those("paid"), which)
        payment = self.plain.payments[session]
        if amount := min(cents, payment.refundable):
            dispute = self.till.cashier.dispute(session, amount)
            payment.disputes[dispute], payment.outcomes[dispute] = amount, "open"
            self.write_down(session)

    @precondition(lambda self: self.disputed())
    @rule(which=WHICH, won=some.booleans())
    def decide_a_dispute(self, which: int, won: bool) -> None:
        """Or decide otherwise than before: a lost one is reinstated, a won one is lost after all."""
        session, dispute = nth(self.disputed(), which)
        outcome, outcomes = ("won" if won else "lost"), self.plain.payments[session].outcomes
        if outcomes[dispute] != outcome:
            self.till.cashier.close_dispute(session, dispute, won=won)
            outcomes[dispute] = outcome
            self.write_down(session)

    # We.

    @precondition(lambda self: self.messages)
    @rule(which=WHICH, copies=some.integers(1, 3))
    def hear(self, which: int, copies: int) -> None:
        """Any message, the newest or one that was heard long ago."""
        body, session = nth(self.messages, which)
        for _ in range(copies):
            self.till.handle(body)
        self.plain.hear(session)

    @precondition(lambda self: self.messages)
    @rule(some_of=some.lists(WHICH, min_size=2, max_size=6))
    def hear_several_at_once(self, some_of: list[int]) -> None:
        heard = [nth(self.messages, which) for which in some_of]
        before = self.ours.version
        acts = [lambda body=body: self.till.handle(body) for body, _ in heard]
        assert at_once(*acts) == [None] * len(acts)
        for session in self.in_order_of_saving({session for _, session in heard}, after=before):
            self.plain.hear(session)

    @precondition(lambda self: self.usable() and not self.plain.ledger.debt)
    @rule(share=WHICH)
    def hold(self, share: int) -> None:
        job, held = uuid4(), 1 + share % self.usable()
        self.on_ledger(lambda ledger: ledger.hold(job, held, self.now))
        self.plain.ledger.take(job, held, self.now)
        self.jobs[job] = held

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH, share=WHICH)
    def settle(self, which: int, share: int) -> None:
        job = nth(list(self.jobs), which)
        delivered = share % (self.jobs.pop(job) + 1)
        self.on_ledger(lambda ledger: ledger.settle(job, delivered=delivered, now=self.now))
        self.plain.ledger.settle(job, delivered, self.now)

    @rule()
    def reconcile(self) -> None:
        """It finds whatever was not heard."""
        reconciling = replace(
            self.ground.container.reconciling,
            payments=self.till.payments,
            purchases=self.till.purchases,
            notices=self.till.notices,
        )
        before = self.ours.version
        reconciling.reconcile(uuid4())
        for session in self.in_order_of_saving(set(self.purchases), after=before):
            self.plain.hear(session)

    # What always holds.

    @invariant()
    def every_credit_is_where_the_plain_rules_say(self) -> None:
        ledger = self.ours
        assert {key: places(lot) for key, lot in ledger.lots.items()} == {
            key: self.plain_places(key) for key in self.plain.ledger.lots
        }
        assert ledger.available(self.now) == self.usable() >= 0
        assert ledger.debt == self.plain.ledger.debt

    @invariant()
    def every_payment_is_as_far_as_we_have_heard(self) -> None:
        for session, purchase_id in self.purchases.items():
            ours, plain = self.ground.container.store.get(Purchase, purchase_id), self.plain.payments[session]
            assert ours.paid == ("paid" in plain.heard)
            assert ours.paid or ours.status in (PurchaseStatus.OPEN, PurchaseStatus.EXPIRED)
            assert {name for name, one in ours.refunds.items() if not one.failed} == plain.heard - {"paid"}
            assert {name: one.status.value for name, one in ours.disputes.items()} == plain.heard_outcomes

    def teardown(self) -> None:
        """In the end everything is heard, and the money is where the bank says."""
        for session, purchase_id in getattr(self, "purchases", {}).items():
            for body in [body for body, of in self.messages if of == session][:1]:
                self.till.handle(body)
                self.plain.hear(session)
            ours = self.ground.container.store.get(Purchase, purchase_id)
            assert ours.net == self.till.payments.payment(session).net
        if hasattr(self, "purchases"):
            self.every_credit_is_where_the_plain_rules_say()

    def those(self, state: str) -> list[str]:
        return [session for session, payment in self.plain.payments.items() if payment.state == state]

    def standing(self) -> list[tuple[str, str]]:
        payments = self.plain.payments.items()
        return [(key, refund) for key, one in payments for refund in one.refunds if refund not in one.failed]

    def disputed(self) -> list[tuple[str, str]]:
        return [(key, dispute) for key, one in self.plain.payments.items() for dispute in one.disputes]

    def act(self, which: int, state: str, after: str, act: Any) -> None:
        session = nth(self.those(state), which)
        act(session)
        self.plain.payments[session].state = after
        self.write_down(session)

    def write_down(self, session: str) -> None:
        """The messages about what has just happened; nobody has delivered them yet."""
        for body in self.till.bodies():
            told = json.loads(body)
            if told["id"] not in self.told and told["type"] in HANDLED:
                self.messages.append((body, session))
            self.told.add(told["id"])

    def in_order_of_saving(self, sessions: set[str], *, after: int) -> list[str]:
        """Whoever came first: a debt is repaid by what is granted after it, not before."""
        by_lot = {self.plain.payments[session].lot: session for session in sessions}
        new = [
            one.event
            for one in self.ground.log(OF_PAYMENTS)
            if one.stream_id == self.ours.id and one.version > after
        ]
        saved = [by_lot[event.lot_id] for event in new if getattr(event, "lot_id", None) in by_lot]
        return list(dict.fromkeys([*saved, *sessions]))

    def on_ledger(self, command: Any) -> None:
        ledger = self.ours
        command(ledger)
        self.ground.container.store.save(ledger)

    def plain_places(self, lot: UUID) -> dict[str, int]:
        mine = [one for one in self.plain.ledger.credits if one.lot is self.plain.ledger.lots[lot]]
        at = collections.Counter("held" if isinstance(one.at, UUID) else one.at for one in mine)
        taken_back = at["reversed"] + at["given back"] + at["repaid"]
        return {name: at[name] for name in ("left", "held", "spent", "repaid")} | {"taken back": taken_back}


def places(lot: Any) -> dict[str, int]:
    assert min(lot.available, lot.frozen, lot.held, lot.spent, lot.expired, lot.taken_back, lot.debt) >= 0
    return {
        "left": lot.left,
        "held": lot.held,
        "spent": lot.spent,
        "repaid": lot.repaid,
        "taken back": lot.taken_back,
    }


def nth(those: Any, which: int) -> Any:
    """One of them, wrapping around."""
    return those[which % len(those)]


def run(
    machine: type[HistoryOfPurchases],
    ground: Ground,
    counter: Counter | None = None,
    histories: settings = HISTORIES,
) -> None:
    machine.ground, machine.counter = ground, counter
    run_state_machine_as_test(machine, settings=histories)


def test_random_purchases_in_the_sandbox_on_postgresql(ground: Ground) -> None:
    class InTheSandbox(HistoryOfPurchases):
        pass

    run(InTheSandbox, ground)


def test_random_purchases_through_stripes_sdk_on_postgresql(ground: Ground) -> None:
    class ThroughStripe(HistoryOfPurchases):
        pass

    with StripeStandIn().running() as stand_in, on_stripe(stand_in) as counter:
        # Each step is many requests, and what they lead to is told by the histories in the sandbox.
        run(ThroughStripe, ground, counter, settings(HISTORIES, max_examples=2, stateful_step_count=20))
