"""Payments without a provider: a local checkout whose every turn is a click, for development only."""

import hmac
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_hex

import httpx
import stripe
import structlog

from application.payments import About, Found, Notice, Order, PriceReport, PriceState, Session, Subject
from application.their_payments import SessionStatus, TheirPayment
from domain.offers import APP, OFFERS
from domain.personal import Personal
from infrastructure.payments import notices
from infrastructure.payments.notices import SignedNotices
from infrastructure.payments.reading import dispute, refund
from infrastructure.payments.sandbox_till import Dispute, Payment, Refund, SandboxRefused, Till

DELIVERY_TIMEOUT = 10.0
"""Seconds that our webhook has for its answer."""
_ENDED = ("won", "lost")

Deliver = Callable[[str, str], bool]
"""Sends a body with its signature to our webhook; whether it was acknowledged."""

log = structlog.get_logger()


def sandbox_secret(auth_secret: str) -> str:
    """What the sandbox signs with: this installation's own, so that nobody has to set one."""
    return "whsec_" + hmac.new(auth_secret.encode(), b"sandbox payments", sha256).hexdigest()


@dataclass(frozen=True)
class Posted:
    """Delivery to our own webhook over HTTP, as Stripe does it."""

    url: str

    def __call__(self, body: str, signature: str) -> bool:
        try:
            answer = httpx.post(
                self.url,
                content=body.encode(),
                headers={"Content-Type": "application/json", "Stripe-Signature": signature},
                timeout=DELIVERY_TIMEOUT,
            )
        except httpx.HTTPError as error:
            log.warning("sandbox.undelivered", error=type(error).__name__)
            return False
        if not answer.is_success:
            log.warning("sandbox.undelivered", status=answer.status_code)
        return answer.is_success


class SandboxPayments:
    """Behaves as Stripe does towards everything that asks it, and lets a developer act as customer and bank."""

    livemode = False

    def __init__(self, till: Till, secret: str, app_url: str, deliver: Deliver) -> None:
        self.till = till
        self._secret = secret
        self._signed = SignedNotices([secret], livemode=False)
        self._app_url = app_url.rstrip("/")
        self._deliver = deliver

    def open(self, order: Order) -> Session:
        """See application.payments.Payments."""
        return self._session(
            self.till.open(
                Payment(
                    session_id=f"cs_sandbox_{order.purchase_id.hex}",
                    purchase_id=order.purchase_id,
                    user_id=order.user_id,
                    offer=order.offer.key,
                    name=order.offer.name,
                    quantity=order.quantity,
                    amount=order.offer.unit_amount * order.quantity,
                    currency=order.offer.currency,
                    expires_at=order.expires_at,
                    success_url=order.success_url,
                    cancel_url=order.cancel_url,
                    customer_id=order.customer_id or f"cus_sandbox_{order.user_id.hex}",
                    payment_id=f"pi_sandbox_{order.purchase_id.hex}",
                )
            )
        )

    def session(self, session_id: str) -> Session:
        """See application.payments.Payments."""
        return self._session(self._payment(session_id))

    def portal(self, customer_id: str, return_url: str) -> str:
        """See application.payments.Payments."""
        return str(httpx.URL(f"{self._app_url}/sandbox/customers/{customer_id}", params={"back": return_url}))

    def end(self, session_id: str) -> None:
        """See application.payments.Payments."""
        with suppress(SandboxRefused):  # it is over
            self.expire(session_id)

    def forget(self, customer_id: str) -> None:
        """See application.payments.Payments. Nobody has to say who they are here."""

    def find(self, about: About) -> Found | None:
        """See application.payments.Payments."""
        by_session = about.subject is Subject.SESSION
        payment = self.till.find(about.id) if by_session else self.till.find_by_payment(about.id)
        return Found(payment.session_id, payment.purchase_id) if payment else None

    def payment(self, session_id: str, payment_id: str | None = None) -> TheirPayment:  # noqa: ARG002 - it is known
        """See application.payments.Payments."""
        payment = self._payment(session_id)
        return TheirPayment(
            session_id=session_id,
            status=SessionStatus(payment.status),
            paid=payment.paid,
            payment_id=payment.payment_id if payment.status == "complete" or payment.failure else None,
            app=APP,
            user_id=str(payment.user_id),
            offer=payment.offer,
            quantity=payment.quantity,
            amount=payment.amount,
            currency=payment.currency,
            livemode=False,
            customer_id=payment.customer_id,
            receipt=Personal(self._page(payment)) if payment.paid else None,
            failure=payment.failure,
            refunds=tuple(
                refund({"id": one.refund_id, "amount": one.amount, "status": one.status})
                for one in payment.refunds
            ),
            disputes=tuple(
                dispute({"id": one.dispute_id, "amount": one.amount, "status": one.status})
                for one in payment.disputes
            ),
        )

    def about(self, notice: Notice) -> About | None:
        """See application.payments.Payments."""
        return notices.about(notice)

    def authenticated(self, body: bytes, signature: str, now: datetime) -> Notice:
        """See application.payments.Payments."""
        return self._signed.authenticated(body, signature, now)

    def sessions_since(self, since: datetime) -> Iterator[Found]:
        """See application.payments.Payments."""
        for payment in self.till.since(since):
            yield Found(payment.session_id, payment.purchase_id)

    def changes_since(self, since: datetime) -> Iterator[About]:
        """See application.payments.Payments."""
        for payment in self.till.since(since):
            if payment.refunds or payment.disputes:
                yield About(Subject.PAYMENT, payment.payment_id)

    def notices_since(self, since: datetime) -> Iterator[Notice]:
        """See application.payments.Payments."""
        return map(self._signed.read, self.till.told_since(since))

    def sync_offers(self, *, create: bool) -> list[PriceReport]:  # noqa: ARG002 - the table is the price list
        """See application.payments.Payments."""
        return [PriceReport(key, PriceState.SOUND, f"price_sandbox_{key}") for key in OFFERS]

    def close(self) -> None:
        """Nothing is held open."""

    # What customer and bank do. Each raises SandboxRefused when it cannot happen now.

    def pay(self, session_id: str) -> None:
        """The customer's card is charged."""
        with self.till.changing(session_id, "pay") as (payment, tell):
            _check("pay", payment.status == "open")
            payment.status, payment.payment_status, payment.failure = "complete", "paid", None
            tell("checkout.session.completed", payment.as_session())
        self.deliver()

    def pay_later(self, session_id: str) -> None:
        """The customer pays by a transfer that takes days."""
        with self.till.changing(session_id, "pay_later") as (payment, tell):
            _check("pay_later", payment.status == "open")
            payment.status, payment.failure = "complete", None
            tell("checkout.session.completed", payment.as_session())
        self.deliver()

    def arrive(self, session_id: str) -> None:
        """A transfer that took days arrives."""
        with self.till.changing(session_id, "arrive") as (payment, tell):
            _check("arrive", payment.processing)
            payment.payment_status = "paid"
            tell("checkout.session.async_payment_succeeded", payment.as_session())
        self.deliver()

    def bounce(self, session_id: str) -> None:
        """A transfer that took days never arrives."""
        with self.till.changing(session_id, "bounce") as (payment, tell):
            _check("bounce", payment.processing)
            payment.failure = "payment_failed"
            tell("checkout.session.async_payment_failed", payment.as_session())
        self.deliver()

    def decline(self, session_id: str) -> None:
        """The card is declined; the customer may try another one."""
        with self.till.changing(session_id, "decline") as (payment, tell):
            _check("decline", payment.status == "open")
            payment.failure = "card_declined"
            tell("payment_intent.payment_failed", payment.told("payment_intent", id=payment.payment_id))
        self.deliver()

    def expire(self, session_id: str) -> None:
        """Nobody paid in time."""
        with self.till.changing(session_id, "expire") as (payment, tell):
            _check("expire", payment.status == "open")
            payment.status = "expired"
            tell("checkout.session.expired", payment.as_session())
        self.deliver()

    def refund(self, session_id: str, amount: int | None = None) -> str:
        """Money goes back, all that is left of it by default, in minor units; the refund's id."""
        with self.till.changing(session_id, "refund") as (payment, tell):
            amount = payment.refundable if amount is None else amount
            _check("refund", 0 < amount <= payment.refundable)
            given = Refund(f"re_sandbox_{token_hex(8)}", amount)
            payment.refunds.append(given)
            tell("refund.created", payment.told("refund", id=given.refund_id, amount=amount))
            tell("charge.refunded", payment.told("charge", id=f"ch_{payment.payment_id}"))
        self.deliver()
        return given.refund_id

    def fail_refund(self, session_id: str, refund_id: str) -> None:
        """The customer's bank sends a refund back."""
        with self.till.changing(session_id, "fail_refund") as (payment, tell):
            failed = next((one for one in payment.refunds if one.refund_id == refund_id), None)
            if failed is None or failed.status == "failed":
                raise SandboxRefused("fail_refund")
            failed.status = "failed"
            tell("refund.failed", payment.told("refund", id=refund_id, amount=failed.amount))
        self.deliver()

    def dispute(self, session_id: str, amount: int | None = None) -> str:
        """The customer asks their bank for the money, all of it by default; the dispute's id."""
        with self.till.changing(session_id, "dispute") as (payment, tell):
            amount = payment.refundable if amount is None else amount
            _check("dispute", 0 < amount <= payment.refundable)
            begun = Dispute(f"dp_sandbox_{token_hex(8)}", amount)
            payment.disputes.append(begun)
            about = payment.told("dispute", id=begun.dispute_id, amount=amount)
            tell("charge.dispute.created", about)
            tell("charge.dispute.funds_withdrawn", about)
        self.deliver()
        return begun.dispute_id

    def close_dispute(self, session_id: str, dispute_id: str, *, won: bool) -> None:
        """The bank decides, or changes what it decided before."""
        with self.till.changing(session_id, "close_dispute") as (payment, tell):
            closed = next((one for one in payment.disputes if one.dispute_id == dispute_id), None)
            outcome = _ENDED[0] if won else _ENDED[1]
            if closed is None or closed.status == outcome:
                raise SandboxRefused("close_dispute")
            closed.status = outcome
            about = payment.told("dispute", id=dispute_id, amount=closed.amount, status=outcome)
            if won:
                tell("charge.dispute.funds_reinstated", about)
            tell("charge.dispute.closed", about)
        self.deliver()

    def warn(self, session_id: str) -> None:
        """The card's issuer suspects fraud."""
        with self.till.changing(session_id, "warn") as (payment, tell):
            _check("warn", payment.paid)
            about = payment.told("radar.early_fraud_warning", id=f"issfr_sandbox_{token_hex(8)}")
            tell("radar.early_fraud_warning.created", about)
        self.deliver()

    def deliver(self) -> None:
        """Send what our webhook has not acknowledged yet; what fails is sent again with the next act."""
        for message in self.till.undelivered():
            signature = stripe.WebhookSignature.generate_signature_header(message.body, self._secret)
            if not self._deliver(message.body, signature):
                return
            self.till.delivered(message.stripe_id)

    def _payment(self, session_id: str) -> Payment:
        if (payment := self.till.find(session_id)) is None:
            raise SandboxRefused("find")
        return payment

    def _session(self, payment: Payment) -> Session:
        return Session(payment.session_id, self._page(payment) if payment.status == "open" else None)

    def _page(self, payment: Payment) -> str:
        return f"{self._app_url}/sandbox/checkouts/{payment.session_id}"


def _check(act: str, possible: bool) -> None:
    if not possible:
        raise SandboxRefused(act)
