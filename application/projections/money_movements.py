"""Money in and out as it was recorded: what a reconciliation adds up, like the entries of a cash book."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, by_stream, named
from application.recorded import Recorded
from domain.offers import CURRENCY
from domain.purchase import Purchase


class MoneyMovement(StrEnum):
    PAID = "paid"
    PAYMENT_REFUSED = "payment_refused"
    """It came, and nothing was granted for it."""
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTE_LOST = "dispute_lost"
    DISPUTE_RECOVERED = "dispute_recovered"


class MoneyMovementRow(NamedTuple):
    position: int
    purchase_id: UUID
    kind: MoneyMovement
    amount: int
    """In the currency's minor unit, below zero when money goes."""
    currency: str
    recorded_at: datetime


class MoneyMovements:
    table = Table(
        "money_movements", 1, MoneyMovementRow, ("position",), by_stream(lambda row: row.purchase_id)
    )
    events = named(
        Purchase.Paid,
        Purchase.PaymentRefused,
        Purchase.Refunded,
        Purchase.RefundFailed,
        Purchase.DisputeLost,
        Purchase.DisputeWon,
    )

    def keys(self, recorded: Recorded) -> Iterable[Key]:  # noqa: ARG002 - each event is a row of its own
        return ()

    def evolve(
        self,
        rows: Mapping[Key, MoneyMovementRow],  # noqa: ARG002
        recorded: Recorded,
    ) -> Mapping[Key, MoneyMovementRow]:
        if (moved := _moved(recorded.event)) is None:
            return {}
        kind, amount, currency = moved
        return {
            (recorded.position,): MoneyMovementRow(
                recorded.position, recorded.stream_id, kind, amount, currency, recorded.recorded_at
            )
        }


def _moved(event: Any) -> tuple[MoneyMovement, int, str] | None:
    moved: tuple[MoneyMovement, int, str] | None = None
    match event:
        case Purchase.Paid(amount=amount, currency=currency):
            moved = MoneyMovement.PAID, amount, currency
        case Purchase.PaymentRefused(amount=amount, currency=currency):
            moved = MoneyMovement.PAYMENT_REFUSED, amount, currency
        case Purchase.Refunded(amount=amount):
            moved = MoneyMovement.REFUNDED, -amount, CURRENCY
        case Purchase.RefundFailed(amount=amount):
            moved = MoneyMovement.REFUND_FAILED, amount, CURRENCY
        case Purchase.DisputeLost(amount=amount):
            moved = MoneyMovement.DISPUTE_LOST, -amount, CURRENCY
        case Purchase.DisputeWon(amount=amount, lost_before=True):
            moved = MoneyMovement.DISPUTE_RECOVERED, amount, CURRENCY
    return moved
