"""What webhooks need from the outside: where endpoints and deliveries are kept, and who sends the messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.personal import Personal


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Endpoint:
    """Where a user wants to be told."""

    endpoint_id: UUID
    user_id: UUID
    url: Personal
    secret: Personal
    """`whsec_` and base64, as Standard Webhooks writes it; it signs the messages."""
    events: frozenset[str]
    disabled: bool = False
    """It said that it is gone."""


@dataclass(frozen=True)
class Delivery:
    """One message to one endpoint."""

    delivery_id: UUID
    """The message's id, the same however often it is sent."""
    endpoint_id: UUID
    user_id: UUID
    event: str
    job_id: UUID
    recorded_at: datetime
    """When what it tells of happened."""
    state: DeliveryState = DeliveryState.PENDING


@dataclass(frozen=True)
class Attempt:
    attempted_at: datetime
    status: int | None
    """Of HTTP; none when there was no answer."""
    error: str | None
    """`refused` or `unreachable`."""


@dataclass(frozen=True)
class Message:
    message_id: UUID
    url: Personal
    secret: Personal
    sent_at: datetime
    body: bytes
    """JSON."""


class WebhookRecords(Protocol):
    def add(self, endpoint: Endpoint) -> None:
        """Adding the same again changes nothing."""
        ...

    def find(self, user_id: UUID, endpoint_id: UUID) -> Endpoint | None:
        """None also when it is another user's."""
        ...

    def of(self, user_id: UUID) -> Sequence[Endpoint]:
        """The oldest first."""
        ...

    def remove(self, user_id: UUID, endpoint_id: UUID) -> bool:
        """With all its deliveries; whether it was there."""
        ...

    def disable(self, endpoint_id: UUID) -> None: ...

    def announce(self, delivery: Delivery) -> bool:
        """False when it was announced before."""
        ...

    def delivery(self, delivery_id: UUID) -> Delivery | None: ...

    def became(self, delivery_id: UUID, state: DeliveryState) -> None: ...

    def attempted(self, delivery_id: UUID, attempt: Attempt) -> None: ...

    def attempts(self, delivery_id: UUID) -> Sequence[Attempt]:
        """The oldest first."""
        ...


class WebhookPoster(Protocol):
    def check(self, url: str) -> None:
        """Raise LinkRefused for an address that is never called."""
        ...

    def post(self, message: Message) -> int:
        """Sign it and send it; the status of the answer. Raises LinkRefused or LinkUnreachable."""
        ...
