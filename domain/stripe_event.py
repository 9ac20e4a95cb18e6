"""What Stripe told us: each message kept as it came, before anybody acts on it."""

from datetime import datetime
from uuid import UUID, uuid5

from domain.aggregate import Aggregate
from domain.personal import Personal

_NAMESPACE = UUID("a2f0a7a5-0d8e-4d7e-9a55-2f1d4a4e7f60")

HANDLED = frozenset(
    {
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn",
        "charge.refunded",
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.payment_failed",
        "radar.early_fraud_warning.created",
        "refund.created",
        "refund.failed",
        "refund.updated",
    }
)
"""The types of messages that somebody looks into; all others are kept and counted."""


class StripeEvent(Aggregate):
    """Nobody's when it comes: whom it is about is found out later, so its payload has a key of its own."""

    class Received(Aggregate.Created):
        stripe_id: str
        type: str
        api_version: str
        livemode: bool
        created_at: datetime
        payload: Personal

    @classmethod
    def receive(
        cls,
        *,
        stripe_id: str,
        type: str,
        api_version: str,
        livemode: bool,
        created_at: datetime,
        payload: Personal,
    ) -> "StripeEvent":
        """`payload` is the message's whole JSON, `created_at` when Stripe says that it happened."""
        received: StripeEvent = cls._create(
            cls.Received,
            id=cls.id_for(stripe_id),
            stripe_id=stripe_id,
            type=type,
            api_version=api_version,
            livemode=livemode,
            created_at=created_at,
            payload=payload,
        )
        return received

    @staticmethod
    def id_for(stripe_id: str) -> UUID:
        """Derived from Stripe's own id, so that a second delivery meets the first."""
        return uuid5(_NAMESPACE, stripe_id)

    def __init__(
        self,
        stripe_id: str,
        type: str,
        api_version: str,
        livemode: bool,
        created_at: datetime,
        payload: Personal,
    ) -> None:
        self.stripe_id = stripe_id
        self.type = type
        self.api_version = api_version
        self.livemode = livemode
        self.created_at = created_at
        self.payload = payload

    @property
    def owner(self) -> None:
        return None

    @property
    def key_id(self) -> UUID:
        return self.id
