"""Payments with somebody who acts as customer and bank, for tests: the sandbox's own, or Stripe's stand-in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from application.payments import Order, Payments
from domain.offers import offered
from infrastructure.payments.notices import SignedNotices
from infrastructure.payments.sandbox_payments import SandboxPayments
from infrastructure.payments.sandbox_till import Till
from infrastructure.payments.stripe_payments import StripePayments
from tests.stripe_stand_in.server import KEY, StripeStandIn

SECRET = "whsec_of_a_test"


class Cashier(Protocol):
    """Customer and bank."""

    def pay(self, session_id: str) -> None: ...
    def pay_later(self, session_id: str) -> None: ...
    def arrive(self, session_id: str) -> None: ...
    def bounce(self, session_id: str) -> None: ...
    def decline(self, session_id: str) -> None: ...
    def expire(self, session_id: str) -> None: ...
    def refund(self, session_id: str, amount: int | None = None) -> str: ...
    def fail_refund(self, session_id: str, refund_id: str) -> None: ...
    def dispute(self, session_id: str, amount: int | None = None) -> str: ...
    def close_dispute(self, session_id: str, dispute_id: str, *, won: bool) -> None: ...
    def warn(self, session_id: str) -> None: ...


@dataclass(frozen=True)
class Counter:
    """A shop's counter: what purchases use, and who stands on its other side."""

    payments: Payments
    cashier: Cashier
    told: Callable[[], list[str]]
    """The bodies of all messages so far."""

    def order(
        self, *, offer: str = "PACK_20_CREDITS", quantity: int = 1, customer: str | None = None
    ) -> Order:
        return an_order(offer=offer, quantity=quantity, customer=customer)

    def paid(self, order: Order | None = None) -> str:
        """The session of an order that was paid."""
        session_id = self.payments.open(order or self.order()).session_id
        self.cashier.pay(session_id)
        return session_id


def an_order(
    *,
    offer: str = "PACK_20_CREDITS",
    quantity: int = 1,
    customer: str | None = None,
    purchase_id: UUID | None = None,
) -> Order:
    return Order(
        purchase_id=purchase_id or uuid4(),
        user_id=uuid4(),
        offer=offered(offer),
        quantity=quantity,
        expires_at=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=12),
        success_url="https://stage.test/billing?checkout=1&outcome=paid",
        cancel_url="https://stage.test/billing?checkout=1&outcome=cancelled",
        customer_id=customer,
        request_id="request-1",
    )


def sandboxed(till: Till) -> Counter:
    payments = SandboxPayments(till, SECRET, "https://stage.test", deliver=lambda _body, _signature: False)
    return Counter(payments, payments, lambda: till.told_since(datetime.now(UTC) - timedelta(days=1)))


@contextmanager
def on_stripe(stand_in: StripeStandIn, *, timeout: float = 5.0) -> Iterator[Counter]:
    payments = stripe_payments(stand_in, timeout=timeout)
    payments.sync_offers(create=True)
    yield Counter(payments, stand_in.book, stand_in.told)
    payments.close()


def stripe_payments(stand_in: StripeStandIn, *, timeout: float = 5.0) -> StripePayments:
    return StripePayments(KEY, SignedNotices([SECRET], livemode=False), api=stand_in.url, timeout=timeout)
