"""Sealing what passes through reactions: with its owner's key, so that it is forgotten when they are."""

from uuid import UUID

from domain.personal import Personal
from infrastructure.event_store.keyring import Keyring, Sealed


class KeyringSealer:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, owner: UUID, text: Personal) -> str:
        """Raises KeyDestroyed once the owner is erased."""
        return self._keyring.seal(owner, text.text)

    def sealed(self, token: str) -> Personal:
        return Sealed(token, self._keyring)
