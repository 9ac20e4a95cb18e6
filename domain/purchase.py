"""A purchase of credits: the checkout, the payment, and whatever becomes of the money afterwards."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from eventsourcing.domain import event

from domain.aggregate import Aggregate
from domain.errors import Conflict, DomainError
from domain.offers import checked_quantity, offered
from domain.personal import Personal
from domain.reversals import credits_for


class PurchaseStatus(StrEnum):
    """How far a purchase has come; what was given back of it is told by its amounts."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    REFUSED = "refused"
    """Money came that does not fit what was sold: an operator decides."""


class DisputeStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class NotPaid(DomainError):
    """Money that never came cannot go back."""

    def __init__(self, purchase_id: UUID) -> None:
        super().__init__(purchase_id)
        self.purchase_id = purchase_id


@dataclass
class MoneyBack:
    """A refund, in the currency's minor unit."""

    amount: int
    failed: bool = False


@dataclass
class Dispute:
    amount: int
    status: DisputeStatus = DisputeStatus.OPEN
    losses: int = 0
    """How often it was lost: a bank may change its mind."""

    def loss_id(self, dispute_id: str) -> str:
        """What its last loss is called where each may happen once."""
        return dispute_id if self.losses == 1 else f"{dispute_id}/{self.losses}"


class Purchase(Aggregate):
    class CheckoutStarted(Aggregate.Created):
        user_id: UUID
        offer: str
        quantity: int
        credits: int
        amount: int
        currency: str
        livemode: bool
        expires_at: datetime
        customer_id: str | None
        request_id: str

    class SessionOpened(Aggregate.Event):
        session_id: str

    class Paid(Aggregate.Event):
        payment_id: str
        amount: int
        currency: str
        customer_id: str | None
        receipt: Personal | None

    class PaymentRefused(Aggregate.Event):
        payment_id: str
        amount: int
        currency: str
        mismatches: list[str]

    class PaymentFailed(Aggregate.Event):
        payment_id: str
        code: str

    class CheckoutExpired(Aggregate.Event):
        pass

    class Refunded(Aggregate.Event):
        refund_id: str
        amount: int
        credits: int

    class RefundFailed(Aggregate.Event):
        refund_id: str
        amount: int
        credits: int

    class DisputeOpened(Aggregate.Event):
        dispute_id: str
        amount: int

    class DisputeWon(Aggregate.Event):
        dispute_id: str
        amount: int
        credits: int
        lost_before: bool

    class DisputeLost(Aggregate.Event):
        dispute_id: str
        amount: int
        credits: int
        won_before: bool

    class FraudWarned(Aggregate.Event):
        warning_id: str

    @classmethod
    def start(
        cls,
        purchase_id: UUID,
        *,
        user_id: UUID,
        offer: str,
        quantity: int,
        livemode: bool,
        expires_at: datetime,
        customer_id: str | None = None,
        request_id: str = "unknown",
    ) -> "Purchase":
        """Somebody wants to buy. Raises OfferUnknown or QuantityOutOfRange.

        `customer_id` is how the provider knows them from before. It and `request_id` are kept so that a
        repeated request asks the provider for exactly the same.
        """
        sold = offered(offer)
        purchase: Purchase = cls._create(
            cls.CheckoutStarted,
            id=purchase_id,
            user_id=user_id,
            offer=offer,
            quantity=checked_quantity(quantity),
            credits=sold.credits * quantity,
            amount=sold.unit_amount * quantity,
            currency=sold.currency,
            livemode=livemode,
            expires_at=expires_at,
            customer_id=customer_id,
            request_id=request_id,
        )
        return purchase

    def __init__(
        self,
        user_id: UUID,
        offer: str,
        quantity: int,
        credits: int,
        amount: int,
        currency: str,
        livemode: bool,
        expires_at: datetime,
        customer_id: str | None,
        request_id: str,
    ) -> None:
        self.user_id = user_id
        self.offer = offer
        self.quantity = quantity
        self.credits = credits
        self.amount = amount
        self.currency = currency
        self.livemode = livemode
        self.expires_at = expires_at
        self.customer_id = customer_id
        self.request_id = request_id
        self.status = PurchaseStatus.OPEN
        self.session_id: str | None = None
        self.payment_id: str | None = None
        self.mismatches: list[str] = []
        self.failures: set[tuple[str, str]] = set()
        self.refunds: dict[str, MoneyBack] = {}
        self.disputes: dict[str, Dispute] = {}
        self.fraud_warnings: set[str] = set()

    @property
    def owner(self) -> UUID:
        return self.user_id

    @property
    def lot_id(self) -> UUID:
        """The lot of credits that it grants: one, however often it is told that it was paid."""
        return uuid5(self.id, "lot")

    @property
    def paid(self) -> bool:
        return self.status is PurchaseStatus.PAID

    @property
    def refunded(self) -> int:
        """In the currency's minor unit; failed refunds do not count."""
        return sum(refund.amount for refund in self.refunds.values() if not refund.failed)

    @property
    def lost(self) -> int:
        """What disputes took for good, in the currency's minor unit."""
        return sum(
            dispute.amount for dispute in self.disputes.values() if dispute.status is DisputeStatus.LOST
        )

    @property
    def returned(self) -> int:
        """What went back of the money, refunds and lost disputes together, in the currency's minor unit."""
        return self.refunded + self.lost

    @property
    def net(self) -> int:
        """What of the money is ours, in the currency's minor unit."""
        return self.amount - self.returned if self.paid else 0

    @property
    def reversed_credits(self) -> int:
        """How many of its credits went with the money."""
        return credits_for(self.credits, returned=self.returned, paid=self.amount)

    @property
    def disputed(self) -> bool:
        """Whether a dispute is open."""
        return any(dispute.status is DisputeStatus.OPEN for dispute in self.disputes.values())

    def open_session(self, session_id: str) -> None:
        """The provider's checkout is there. Raises Conflict if there was another one."""
        if self.session_id is None:
            self._session_opened(session_id)
        elif self.session_id != session_id:
            raise Conflict(self.id)

    def pay(self, payment_id: str, *, customer_id: str | None, receipt: Personal | None) -> None:
        """What was asked for was paid. Repeated it changes nothing; another payment is a Conflict."""
        if self.payment_id is None:
            self._paid(payment_id, self.amount, self.currency, customer_id, receipt)
        elif self.payment_id != payment_id or not self.paid:
            raise Conflict(self.id)

    def refuse_payment(self, payment_id: str, *, amount: int, currency: str, mismatches: list[str]) -> None:
        """Money came, but not for what was sold: nothing is granted. Raises Conflict once it was paid."""
        if self.payment_id is None:
            self._payment_refused(payment_id, amount, currency, mismatches)
        elif self.payment_id != payment_id or self.paid:
            raise Conflict(self.id)

    def fail_payment(self, payment_id: str, code: str) -> None:
        """An attempt to pay failed; the next one may succeed."""
        if self.payment_id is None and (payment_id, code) not in self.failures:
            self._payment_failed(payment_id, code)

    def expire(self) -> None:
        """The checkout is over, unpaid."""
        if self.status is PurchaseStatus.OPEN:
            self._checkout_expired()

    def refund(self, refund_id: str, amount: int) -> None:
        """Money went back. Raises NotPaid, or Conflict for another amount than before."""
        self._check_paid()
        if (earlier := self.refunds.get(refund_id)) is not None:
            if earlier.amount != amount:
                raise Conflict(self.id)
            return
        self._refunded(refund_id, amount, self._credits_with(amount))

    def fail_refund(self, refund_id: str) -> None:
        """A refund that was recorded did not arrive, or was called off. An unknown one changes nothing."""
        refund = self.refunds.get(refund_id)
        if refund is not None and not refund.failed:
            self._refund_failed(refund_id, refund.amount, -self._credits_with(-refund.amount))

    def open_dispute(self, dispute_id: str, amount: int) -> None:
        """The bank asks the money back; until it has decided, the credits cannot be used. Raises NotPaid."""
        self._check_paid()
        if dispute_id not in self.disputes:
            self._dispute_opened(dispute_id, amount)

    def win_dispute(self, dispute_id: str) -> None:
        """The money is ours after all, even if it was lost before. Raises KeyError for an unknown one."""
        dispute = self.disputes[dispute_id]
        if dispute.status is not DisputeStatus.WON:
            lost = dispute.status is DisputeStatus.LOST
            credits = -self._credits_with(-dispute.amount) if lost else 0
            self._dispute_won(dispute_id, dispute.amount, credits, lost)

    def lose_dispute(self, dispute_id: str) -> None:
        """The money is gone. Raises KeyError for an unknown one."""
        dispute = self.disputes[dispute_id]
        if dispute.status is not DisputeStatus.LOST:
            won = dispute.status is DisputeStatus.WON
            self._dispute_lost(dispute_id, dispute.amount, self._credits_with(dispute.amount), won)

    def warn_of_fraud(self, warning_id: str) -> None:
        """The card's issuer suspects fraud: a dispute is likely."""
        if warning_id not in self.fraud_warnings:
            self._fraud_warned(warning_id)

    def _check_paid(self) -> None:
        if not self.paid:
            raise NotPaid(self.id)

    def _credits_with(self, amount: int) -> int:
        """How many more credits go when so much more money goes back; fewer for an amount below zero."""
        after = credits_for(self.credits, returned=self.returned + amount, paid=self.amount)
        return after - self.reversed_credits

    @event(SessionOpened)
    def _session_opened(self, session_id: str) -> None:
        self.session_id = session_id

    @event(Paid)
    def _paid(
        self, payment_id: str, amount: int, currency: str, customer_id: str | None, receipt: Personal | None
    ) -> None:
        self.status = PurchaseStatus.PAID
        self.payment_id = payment_id
        self.customer_id = customer_id

    @event(PaymentRefused)
    def _payment_refused(self, payment_id: str, amount: int, currency: str, mismatches: list[str]) -> None:
        self.status = PurchaseStatus.REFUSED
        self.payment_id = payment_id
        self.mismatches = mismatches

    @event(PaymentFailed)
    def _payment_failed(self, payment_id: str, code: str) -> None:
        self.failures.add((payment_id, code))

    @event(CheckoutExpired)
    def _checkout_expired(self) -> None:
        self.status = PurchaseStatus.EXPIRED

    @event(Refunded)
    def _refunded(self, refund_id: str, amount: int, credits: int) -> None:
        self.refunds[refund_id] = MoneyBack(amount)

    @event(RefundFailed)
    def _refund_failed(self, refund_id: str, amount: int, credits: int) -> None:
        self.refunds[refund_id].failed = True

    @event(DisputeOpened)
    def _dispute_opened(self, dispute_id: str, amount: int) -> None:
        self.disputes[dispute_id] = Dispute(amount)

    @event(DisputeWon)
    def _dispute_won(self, dispute_id: str, amount: int, credits: int, lost_before: bool) -> None:
        self.disputes[dispute_id].status = DisputeStatus.WON

    @event(DisputeLost)
    def _dispute_lost(self, dispute_id: str, amount: int, credits: int, won_before: bool) -> None:
        self.disputes[dispute_id].status = DisputeStatus.LOST
        self.disputes[dispute_id].losses += 1

    @event(FraudWarned)
    def _fraud_warned(self, warning_id: str) -> None:
        self.fraud_warnings.add(warning_id)
