"""API keys: with them a user's own programs act for the user, each within the scopes that it was given."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from application.errors import ApplicationError, NotFound
from application.ports import ApiKey, ApiKeyRecords, Clock, Store
from application.retrying import retried
from domain.personal import Personal

KEYS_PER_USER: Final = 20


class KeyScope(StrEnum):
    """What a key may do. None of them is enough to become its user: nothing about passwords, sessions, keys,
    erasure or payments is within any.
    """

    JOBS_READ = "jobs:read"
    """Look at jobs and their pictures, and at the dashboard."""
    JOBS_WRITE = "jobs:write"
    """Send photos; submit, cancel, rename and delete jobs; choose favourites and share links."""
    BILLING_READ = "billing:read"
    """Look at credits, their statement, checkouts and purchases."""
    WEBHOOKS = "webhooks"
    """Look after the user's webhooks."""
    PROFILE_READ = "profile:read"
    """Look at the user's name and address."""
    AUDIT_READ = "audit:read"
    """Read the audit, as the key of a user who may."""


class TooManyApiKeys(ApplicationError):
    def __init__(self) -> None:
        super().__init__(KEYS_PER_USER)
        self.limit = KEYS_PER_USER


class KeyShownBefore(ApplicationError):
    """It was created so long ago that its answer, the only one that shows it, is not kept any more."""


@dataclass(frozen=True)
class IssuedKey:
    """With the key itself, this once."""

    about: ApiKey
    key: str


@dataclass(frozen=True)
class ApiKeys:
    """They end with the password, as sessions do, with suspension and with erasure (accounts.py, standing.py)."""

    store: Store
    clock: Clock
    records: ApiKeyRecords

    @retried
    def create(
        self,
        key_id: UUID,
        *,
        user_id: UUID,
        name: Personal,
        scopes: Collection[KeyScope],
        lifetime: timedelta | None,
    ) -> IssuedKey:
        """A new key for so long, or until it is revoked. Raises TooManyApiKeys, or KeyShownBefore if repeated."""
        until = self.clock.now() + lifetime if lifetime else None
        about = ApiKey(key_id, user_id, Personal(name.text.strip()), frozenset(scopes), until)
        with self.store.transaction(user_id):
            if (key := self.records.issue(about)) is None:
                raise KeyShownBefore
            if self.records.count(user_id) > KEYS_PER_USER:
                raise TooManyApiKeys
        return IssuedKey(about, key)

    def revoke(self, key_id: UUID, user_id: UUID) -> None:
        """The key opens nothing any more, from now on. Raises NotFound."""
        if not self.records.revoke(user_id, key_id):
            raise NotFound("ApiKey", key_id)
