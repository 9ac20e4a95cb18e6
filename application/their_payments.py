"""What the payment provider says about one purchase at one moment: paid or not, refunded, disputed."""

from dataclasses import dataclass
from enum import StrEnum

from domain.personal import Personal


class SessionStatus(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class Outcome(StrEnum):
    """How a dispute stands."""

    INQUIRY = "inquiry"
    """A question only: no money was taken."""
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class TheirRefund:
    refund_id: str
    amount: int
    failed: bool


@dataclass(frozen=True)
class TheirDispute:
    dispute_id: str
    amount: int
    outcome: Outcome


@dataclass(frozen=True)
class TheirPayment:
    """All that the provider says about one purchase at one moment. Amounts are in minor units."""

    session_id: str
    status: SessionStatus
    paid: bool
    payment_id: str | None
    app: str
    user_id: str
    offer: str
    """The lookup key of the price that was sold; empty if it has none."""
    quantity: int
    amount: int
    currency: str
    livemode: bool
    customer_id: str | None = None
    receipt: Personal | None = None
    failure: str | None = None
    """The code of the last attempt to pay that failed."""
    contradictions: tuple[str, ...] = ()
    """In what the payment itself is not what its session says, by name."""
    refunds: tuple[TheirRefund, ...] = ()
    disputes: tuple[TheirDispute, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nobody can pay any more: it has expired, or a transfer never arrived."""
        bounced = self.status is SessionStatus.COMPLETE and self.failure is not None
        return not self.paid and (bounced or self.status is SessionStatus.EXPIRED)

    @property
    def net(self) -> int:
        """What of it is ours: paid, less refunds and lost disputes."""
        lost = sum(one.amount for one in self.disputes if one.outcome is Outcome.LOST)
        return (
            (self.amount if self.paid else 0)
            - lost
            - sum(one.amount for one in self.refunds if not one.failed)
        )
