"""Purchases as their buyers see them: how far each has come, its receipt, and what of it was given back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, by_stream, named, owner
from application.recorded import Recorded
from domain.personal import Personal
from domain.purchase import Purchase, PurchaseStatus


class PurchaseRow(NamedTuple):
    """Amounts are in the currency's minor unit."""

    purchase_id: UUID
    user_id: UUID
    offer: str
    quantity: int
    credits: int
    amount: int
    currency: str
    status: PurchaseStatus
    session_id: str | None
    payment_id: str | None
    customer_id: str | None
    receipt: Personal | None
    refunded: int
    lost: int
    disputed: int
    fraud_warned: bool
    failure: str | None
    expires_at: datetime
    started_at: datetime
    paid_at: datetime | None
    version: int
    position: int


class Purchases:
    table = Table("purchases", 1, PurchaseRow, ("purchase_id",), by_stream(lambda row: row.purchase_id))
    events = named(
        Purchase.CheckoutStarted,
        Purchase.SessionOpened,
        Purchase.Paid,
        Purchase.PaymentRefused,
        Purchase.PaymentFailed,
        Purchase.CheckoutExpired,
        Purchase.Refunded,
        Purchase.RefundFailed,
        Purchase.DisputeOpened,
        Purchase.DisputeWon,
        Purchase.DisputeLost,
        Purchase.FraudWarned,
    )

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        return () if isinstance(recorded.event, Purchase.CheckoutStarted) else ((recorded.stream_id,),)

    def evolve(self, rows: Mapping[Key, PurchaseRow], recorded: Recorded) -> Mapping[Key, PurchaseRow]:
        key = (recorded.stream_id,)
        if isinstance(recorded.event, Purchase.CheckoutStarted):
            return {key: _started(recorded.event, recorded)}
        row = _of_money_back(_of_payment(rows[key], recorded), recorded.event)
        return {key: row._replace(version=recorded.version)}


def _started(event: Purchase.CheckoutStarted, recorded: Recorded) -> PurchaseRow:
    return PurchaseRow(
        purchase_id=recorded.stream_id,
        user_id=owner(recorded),
        offer=event.offer,
        quantity=event.quantity,
        credits=event.credits,
        amount=event.amount,
        currency=event.currency,
        status=PurchaseStatus.OPEN,
        session_id=None,
        payment_id=None,
        customer_id=event.customer_id,
        receipt=None,
        refunded=0,
        lost=0,
        disputed=0,
        fraud_warned=False,
        failure=None,
        expires_at=event.expires_at,
        started_at=recorded.recorded_at,
        paid_at=None,
        version=recorded.version,
        position=recorded.position,
    )


def _of_payment(row: PurchaseRow, recorded: Recorded) -> PurchaseRow:
    match recorded.event:
        case Purchase.SessionOpened(session_id=session_id):
            row = row._replace(session_id=session_id)
        case Purchase.Paid(payment_id=payment_id, customer_id=customer_id, receipt=receipt):
            row = row._replace(
                status=PurchaseStatus.PAID,
                payment_id=payment_id,
                customer_id=customer_id,
                receipt=receipt,
                failure=None,
                paid_at=recorded.recorded_at,
            )
        case Purchase.PaymentRefused(payment_id=payment_id):
            row = row._replace(status=PurchaseStatus.REFUSED, payment_id=payment_id, failure=None)
        case Purchase.PaymentFailed(code=code):
            row = row._replace(failure=code)
        case Purchase.CheckoutExpired():
            row = row._replace(status=PurchaseStatus.EXPIRED)
    return row


def _of_money_back(row: PurchaseRow, event: Any) -> PurchaseRow:
    match event:
        case Purchase.Refunded(amount=amount):
            row = row._replace(refunded=row.refunded + amount)
        case Purchase.RefundFailed(amount=amount):
            row = row._replace(refunded=row.refunded - amount)
        case Purchase.DisputeOpened(amount=amount):
            row = row._replace(disputed=row.disputed + amount)
        case Purchase.DisputeLost(amount=amount, won_before=won_before):
            row = row._replace(lost=row.lost + amount, disputed=row.disputed - (0 if won_before else amount))
        case Purchase.DisputeWon(amount=amount, lost_before=True):
            row = row._replace(lost=row.lost - amount)
        case Purchase.DisputeWon(amount=amount):
            row = row._replace(disputed=row.disputed - amount)
        case Purchase.FraudWarned():
            row = row._replace(fraud_warned=True)
    return row
