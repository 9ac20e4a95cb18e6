"""What the provider says about a purchase against what we recorded: the difference, as acts on the purchase.

Order and repetition of messages cannot matter here, since no message is looked at: only two states are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from application.their_payments import Outcome, TheirDispute, TheirPayment
from domain.offers import APP
from domain.personal import Personal
from domain.purchase import DisputeStatus, Purchase, PurchaseStatus


@dataclass(frozen=True)
class Pay:
    payment_id: str
    customer_id: str | None
    receipt: Personal | None

    def on(self, purchase: Purchase) -> None:
        purchase.pay(self.payment_id, customer_id=self.customer_id, receipt=self.receipt)


@dataclass(frozen=True)
class RefusePayment:
    payment_id: str
    amount: int
    currency: str
    mismatches: tuple[str, ...]

    def on(self, purchase: Purchase) -> None:
        purchase.refuse_payment(
            self.payment_id, amount=self.amount, currency=self.currency, mismatches=list(self.mismatches)
        )


@dataclass(frozen=True)
class FailPayment:
    payment_id: str
    code: str

    def on(self, purchase: Purchase) -> None:
        purchase.fail_payment(self.payment_id, self.code)


@dataclass(frozen=True)
class Expire:
    def on(self, purchase: Purchase) -> None:
        purchase.expire()


@dataclass(frozen=True)
class Refund:
    refund_id: str
    amount: int

    def on(self, purchase: Purchase) -> None:
        purchase.refund(self.refund_id, self.amount)


@dataclass(frozen=True)
class FailRefund:
    refund_id: str

    def on(self, purchase: Purchase) -> None:
        purchase.fail_refund(self.refund_id)


@dataclass(frozen=True)
class OpenDispute:
    dispute_id: str
    amount: int

    def on(self, purchase: Purchase) -> None:
        purchase.open_dispute(self.dispute_id, self.amount)


@dataclass(frozen=True)
class WinDispute:
    dispute_id: str

    def on(self, purchase: Purchase) -> None:
        purchase.win_dispute(self.dispute_id)


@dataclass(frozen=True)
class LoseDispute:
    dispute_id: str

    def on(self, purchase: Purchase) -> None:
        purchase.lose_dispute(self.dispute_id)


Command = (
    Pay | RefusePayment | FailPayment | Expire | Refund | FailRefund | OpenDispute | WinDispute | LoseDispute
)


def mismatches(theirs: TheirPayment, ours: Purchase) -> tuple[str, ...]:
    """In what a payment is not the one that was asked for, by name; empty if it is."""
    compared = {
        "app": (theirs.app, APP),
        "user": (theirs.user_id, str(ours.user_id)),
        "price": (theirs.offer, ours.offer),
        "quantity": (theirs.quantity, ours.quantity),
        "amount": (theirs.amount, ours.amount),
        "currency": (theirs.currency, ours.currency),
        "livemode": (theirs.livemode, ours.livemode),
    }
    differing = [name for name, (told, expected) in compared.items() if told != expected]
    return tuple(dict.fromkeys([*differing, *theirs.contradictions]))


def difference(theirs: TheirPayment, ours: Purchase) -> list[Command]:
    """What to record, in this order, so that we know what they say; nothing if we do already."""
    return [*_of_payment(theirs, ours), *_of_refunds(theirs, ours), *_of_disputes(theirs, ours)]


def _of_payment(theirs: TheirPayment, ours: Purchase) -> Iterator[Command]:
    if ours.payment_id is not None:
        return
    if theirs.paid:
        payment_id = theirs.payment_id or theirs.session_id
        if wrong := mismatches(theirs, ours):
            yield RefusePayment(payment_id, theirs.amount, theirs.currency, wrong)
        else:
            yield Pay(payment_id, theirs.customer_id, theirs.receipt)
        return
    if theirs.failure and theirs.payment_id and (theirs.payment_id, theirs.failure) not in ours.failures:
        yield FailPayment(theirs.payment_id, theirs.failure)
    if theirs.over and ours.status is PurchaseStatus.OPEN:
        yield Expire()


def _of_refunds(theirs: TheirPayment, ours: Purchase) -> Iterator[Command]:
    if not _is_or_becomes_paid(theirs, ours):
        return
    for refund in theirs.refunds:
        known = ours.refunds.get(refund.refund_id)
        if known is None and not refund.failed:
            yield Refund(refund.refund_id, refund.amount)
        elif known and refund.failed and not known.failed:
            yield FailRefund(refund.refund_id)


def _of_disputes(theirs: TheirPayment, ours: Purchase) -> Iterator[Command]:
    if not _is_or_becomes_paid(theirs, ours):
        return
    for dispute in theirs.disputes:
        yield from _of_dispute(dispute, ours)


def _of_dispute(dispute: TheirDispute, ours: Purchase) -> Iterator[Command]:
    known = ours.disputes.get(dispute.dispute_id)
    if known is None and dispute.outcome in (Outcome.OPEN, Outcome.LOST):
        yield OpenDispute(dispute.dispute_id, dispute.amount)
    match dispute.outcome:
        case Outcome.LOST if known is None or known.status is not DisputeStatus.LOST:
            yield LoseDispute(dispute.dispute_id)
        case Outcome.WON if known and known.status is not DisputeStatus.WON:
            yield WinDispute(dispute.dispute_id)


def _is_or_becomes_paid(theirs: TheirPayment, ours: Purchase) -> bool:
    return ours.paid or (ours.payment_id is None and theirs.paid and not mismatches(theirs, ours))
