"""A shop in memory: somebody buys credits, and a test delivers the messages about it as it likes."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid5

import stripe

from domain.credit_ledger import CreditLedger
from domain.purchase import Purchase
from domain.stripe_event import HANDLED, StripeEvent
from infrastructure.payments.sandbox_payments import sandbox_secret
from tests.application.people import ANN, ledger_of, register
from tests.fakes.bootstrap import Program
from tests.fakes.clock import SettableClock

_NUMBERS = itertools.count()


class Balance(NamedTuple):
    """Where a user's credits are, whatever lots they lie in."""

    available: int
    held: int
    frozen: int
    spent: int
    debt: int


def balance(ledger: CreditLedger, now: datetime) -> Balance:
    lots = ledger.lots.values()
    return Balance(
        available=ledger.available(now),
        held=sum(lot.held for lot in lots),
        frozen=sum(lot.frozen for lot in lots),
        spent=sum(lot.spent for lot in lots),
        debt=ledger.debt,
    )


@dataclass
class Shop:
    """Ann has an account; messages carry today's date, as the sandbox signs them now."""

    program: Program = field(default_factory=lambda: Program(clock=SettableClock(datetime.now(UTC))))

    def __post_init__(self) -> None:
        register(self.program)

    def checkout(
        self, *, offer: str = "PACK_20_CREDITS", quantity: int = 1, user: UUID = ANN
    ) -> tuple[UUID, str]:
        """The ids of a new purchase and its session."""
        purchase_id = uuid5(user, f"purchase {next(_NUMBERS)}")
        session = self.program.purchases.start(
            purchase_id, user_id=user, offer=offer, quantity=quantity, return_path="/billing"
        )
        return purchase_id, session.session_id

    def messages(self) -> list[str]:
        """The bodies of all messages so far, in the order in which things happened."""
        return [message.body for message in self.program.sandbox.till.undelivered()]

    def deliver(self, bodies: Iterable[str]) -> None:
        """Each message comes in, and is followed up at once."""
        for body in bodies:
            self.receive(body)
            self.follow_up(body)

    def receive(self, body: str) -> bool:
        secret = sandbox_secret("a test")
        signature = stripe.WebhookSignature.generate_signature_header(body, secret)
        return self.program.notices.receive(body.encode(), signature)

    def follow_up(self, body: str) -> None:
        """What the reaction to it does."""
        event = self.program.store.get(StripeEvent, StripeEvent.id_for(_stripe_id(body)))
        if event.type in HANDLED:
            self.program.notices.follow_up(event.id)

    def purchase(self, purchase_id: UUID) -> Purchase:
        return self.program.store.get(Purchase, purchase_id)

    def balance(self, user: UUID = ANN) -> Balance:
        return balance(ledger_of(self.program, user), self.program.clock.now())

    def named(self, name: str) -> int:
        """How often an event of this name is in the log."""
        return [one.name for one in self.program.world.log].count(name)


def _stripe_id(body: str) -> str:
    return body.partition('"id": "')[2].partition('"')[0]
