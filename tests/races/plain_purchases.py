"""What becomes of payments and their credits, told plainly: what the bank did, and what we have heard of it."""

from dataclasses import dataclass, field
from uuid import UUID

from tests.domain.plain_ledger import NEVER, PlainLedger


@dataclass
class PlainPayment:
    """What the bank did; in each `heard`, as far as we know of it."""

    lot: UUID
    credits: int
    amount: int
    state: str = "open"
    """open, processing, paid, failed or expired."""
    refunds: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    disputes: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    """open, won or lost."""
    heard: set[str] = field(default_factory=set)
    """Of the payment and its refunds."""
    heard_outcomes: dict[str, str] = field(default_factory=dict)
    losses: dict[str, int] = field(default_factory=dict)
    """How often we have heard that a dispute was lost."""

    def loss(self, dispute: str) -> str:
        """What its last loss is called."""
        return dispute if self.losses[dispute] == 1 else f"{dispute}/{self.losses[dispute]}"

    @property
    def refundable(self) -> int:
        given = sum(amount for refund, amount in self.refunds.items() if refund not in self.failed)
        return self.amount - given if self.state == "paid" else 0


class PlainShop:
    def __init__(self) -> None:
        self.ledger = PlainLedger()
        self.payments: dict[str, PlainPayment] = {}
        """By session."""

    def hear(self, session: str) -> None:
        """Whatever message it was: everything that the bank did until now is known from then on."""
        payment = self.payments[session]
        if payment.state != "paid":
            return
        if "paid" not in payment.heard:
            payment.heard.add("paid")
            self.ledger.grant(payment.lot, "purchase", payment.credits, NEVER, payment.lot)
            self.ledger.lots[payment.lot].paid = payment.amount
        for refund, amount in payment.refunds.items():
            if refund not in payment.heard and refund not in payment.failed:
                payment.heard.add(refund)
                self._reverse(payment, refund, amount)
            elif refund in payment.heard and refund in payment.failed:
                payment.heard.remove(refund)
                self.ledger.cancel(payment.lot, refund)
        for dispute, outcome in payment.outcomes.items():
            self._hear_dispute(payment, dispute, outcome, payment.heard_outcomes.get(dispute))

    def _hear_dispute(self, payment: PlainPayment, dispute: str, outcome: str, before: str | None) -> None:
        if outcome == before or (before is None and outcome == "won"):
            return
        payment.heard_outcomes[dispute] = outcome
        frozen = self.ledger.lots[payment.lot].disputes
        if outcome == "open":
            frozen.add(dispute)
            return
        frozen.discard(dispute)
        if outcome == "lost":
            payment.losses[dispute] = payment.losses.get(dispute, 0) + 1
            self._reverse(payment, payment.loss(dispute), payment.disputes[dispute])
        elif before == "lost":
            self.ledger.cancel(payment.lot, payment.loss(dispute))

    def _reverse(self, payment: PlainPayment, reversal: str, amount: int) -> None:
        self.ledger.lots[payment.lot].amounts[reversal] = amount
        self.ledger.collect(payment.lot)
