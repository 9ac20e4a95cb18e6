"""The provider's messages: kept as they come, and each a reason to look at the payment it is about."""

from dataclasses import dataclass
from uuid import UUID

from application.payments import Found, Notice, PayloadKeys, Payments
from application.ports import Clock, Store
from application.purchases import Purchases
from application.reactions import Answer
from application.retrying import retried
from domain.personal import ERASED
from domain.stripe_event import StripeEvent


@dataclass(frozen=True)
class Notices:
    store: Store
    clock: Clock
    payments: Payments
    keys: PayloadKeys
    purchases: Purchases

    def receive(self, body: bytes, signature: str) -> bool:
        """Keep a message: once this returns it is durable. Whether it is a new one. Raises NoticeRejected.

        Nothing else happens before the provider is answered; a reaction does the rest.
        """
        return self.keep(self.payments.authenticated(body, signature, self.clock.now()))

    @retried
    def keep(self, notice: Notice) -> bool:
        """Append a message; one that was kept before changes nothing. Whether it is a new one."""
        event_id = StripeEvent.id_for(notice.stripe_id)
        if self.store.find(StripeEvent, event_id):
            return False
        event = StripeEvent.receive(
            stripe_id=notice.stripe_id,
            type=notice.type,
            api_version=notice.api_version,
            livemode=notice.livemode,
            created_at=notice.created_at,
            payload=notice.payload,
        )
        with self.store.transaction():
            self.keys.lend(event_id)
            self.store.save(event)
        return True

    def follow_up(self, event_id: UUID) -> Answer:
        """Look at the payment that a message is about, and record what is new. Repeated, nothing is.

        Raises PaymentsAway or RetryLater.
        """
        event = self.store.get(StripeEvent, event_id)
        if event.payload.text == ERASED:
            return {"became": "forgotten"}
        about = self.payments.about(
            Notice(
                stripe_id=event.stripe_id,
                type=event.type,
                api_version=event.api_version,
                livemode=event.livemode,
                created_at=event.created_at,
                payload=event.payload,
            )
        )
        found: Found | None = self.payments.find(about) if about else None
        looked = self.purchases.look_at(found, about.fraud_warning) if about and found else None
        if looked is None:
            return {"became": "not ours"}
        self.keys.attach(event_id, looked.purchase.user_id)
        return {
            "became": "looked at",
            "purchase_id": str(looked.purchase.id),
            "recorded": [type(command).__name__ for command in looked.recorded],
        }
