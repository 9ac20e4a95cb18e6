"""What becomes of the credits when something becomes of the money: each act on a purchase on its ledger."""

from datetime import datetime

from application.comparing import Command, FailRefund, LoseDispute, OpenDispute, Pay, Refund, WinDispute
from domain.credit_ledger import CreditLedger
from domain.lots import Source
from domain.purchase import Purchase


def credit(command: Command, purchase: Purchase, ledger: CreditLedger, now: datetime) -> None:
    """Have the ledger follow what was just done to its user's purchase; repeated, it changes nothing."""
    lot_id = purchase.lot_id
    match command:
        case Pay():
            ledger.grant(lot_id, Source.PURCHASE, purchase.credits, reference=f"purchase:{purchase.id}")
        case Refund(refund_id=refund_id, amount=amount):
            ledger.reverse(lot_id, refund_id, amount=amount, paid=purchase.amount)
        case FailRefund(refund_id=refund_id):
            ledger.cancel_reversal(refund_id)
        case OpenDispute(dispute_id=dispute_id):
            ledger.freeze(lot_id, dispute_id)
        case LoseDispute(dispute_id=dispute_id):
            dispute = purchase.disputes[dispute_id]
            loss_id = dispute.loss_id(dispute_id)
            ledger.reverse(lot_id, loss_id, amount=dispute.amount, paid=purchase.amount)
            ledger.thaw(dispute_id, now)
        case WinDispute(dispute_id=dispute_id):
            dispute = purchase.disputes[dispute_id]
            ledger.thaw(dispute_id, now)
            if dispute.losses:
                ledger.cancel_reversal(dispute.loss_id(dispute_id))
