"""The keys of Stripe's messages in the keyring: lent for a term, then attached to whom each is about."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from infrastructure.event_store.keyring import Keyring

TERM = timedelta(days=90)
"""How long a message that is about nobody we know can be read (docs/architecture.md, The event store)."""


@dataclass(frozen=True)
class KeyringPayloadKeys:
    keyring: Keyring

    def lend(self, key_id: UUID) -> None:
        self.keyring.lend(key_id, TERM)

    def attach(self, key_id: UUID, user_id: UUID) -> None:
        self.keyring.attach(key_id, user_id)

    def destroy_unattached(self) -> int:
        return self.keyring.destroy_lent()
