"""Webhooks: telling a user's own systems what became of their jobs, in signed messages that can be sent again."""

import base64
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4, uuid5

from application.errors import ApplicationError, NotFound
from application.ports import Clock, LinkRefused, LinkUnreachable, ReactionRequests, Store
from application.reactions import Answer, Reaction, References
from application.rules import SEND_WEBHOOK
from application.webhook_ports import (
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    Message,
    WebhookPoster,
    WebhookRecords,
)
from domain.job_photo import Outcome
from domain.personal import Personal
from domain.photo_job import PhotoJob

ENDPOINTS_PER_USER = 5
SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""
_OK, _REDIRECTS, _GONE = 200, 300, 410


class Announced(StrEnum):
    """What can be subscribed to: the ends that a job comes to."""

    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"


_ANNOUNCED = {
    "PhotoJob.Completed": Announced.JOB_COMPLETED,
    "PhotoJob.Failed": Announced.JOB_FAILED,
    "PhotoJob.Cancelled": Announced.JOB_CANCELLED,
}
"""By the event's name."""


class TooManyEndpoints(ApplicationError):
    def __init__(self) -> None:
        super().__init__(ENDPOINTS_PER_USER)
        self.limit = ENDPOINTS_PER_USER


class WebhookNotTaken(Exception):
    """The endpoint did not answer, or not with a status of success; it may do so later."""


@dataclass(frozen=True)
class Webhooks:
    store: Store
    clock: Clock
    records: WebhookRecords
    requests: ReactionRequests
    poster: WebhookPoster

    def register(
        self, endpoint_id: UUID, *, user_id: UUID, url: Personal, events: Collection[Announced]
    ) -> Endpoint:
        """A new endpoint with a secret of its own; repeated, it is the one of the first time.

        Raises LinkRefused for an address that is never called, or TooManyEndpoints.
        """
        if earlier := self.records.find(user_id, endpoint_id):
            return earlier
        self.poster.check(url.text)
        secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        endpoint = Endpoint(endpoint_id, user_id, url, Personal(f"whsec_{secret}"), frozenset(events))
        with self.store.transaction(user_id):
            if len(self.records.of(user_id)) >= ENDPOINTS_PER_USER:
                raise TooManyEndpoints
            self.records.add(endpoint)
        return endpoint

    def remove(self, endpoint_id: UUID, user_id: UUID) -> None:
        """What is still to be delivered there is not. Raises NotFound."""
        if not self.records.remove(user_id, endpoint_id):
            raise NotFound(Endpoint.__name__, endpoint_id)

    def announce(self, references: References) -> None:
        """Ask for a message to each of the user's endpoints that wants to know; repeated, it asks for the same."""
        job = self.store.get(PhotoJob, UUID(references["job_id"]))
        event = _ANNOUNCED[references["event"]]
        for endpoint in self.records.of(job.user_id):
            if event not in endpoint.events or endpoint.disabled:
                continue
            # A receiver tells a second copy of the message by this id.
            delivery_id = uuid5(endpoint.endpoint_id, f"{job.id}/{event}")
            at = datetime.fromisoformat(references["at"])
            with self.store.transaction():
                if self.records.announce(
                    Delivery(delivery_id, endpoint.endpoint_id, job.user_id, event, job.id, at)
                ):
                    self._ask(delivery_id, delivery_id, job.user_id)

    def redeliver(self, delivery_id: UUID, endpoint_id: UUID, user_id: UUID) -> None:
        """Send a message again, under the same id. Raises NotFound."""
        delivery = self.records.delivery(delivery_id)
        if delivery is None or (delivery.endpoint_id, delivery.user_id) != (endpoint_id, user_id):
            raise NotFound(Delivery.__name__, delivery_id)
        with self.store.transaction():
            self.records.became(delivery_id, DeliveryState.PENDING)
            self._ask(uuid4(), delivery_id, user_id)

    def send(self, delivery_id: UUID) -> Answer:
        """One attempt, which is logged. Raises WebhookNotTaken."""
        delivery = self.records.delivery(delivery_id)
        if delivery is None:  # removed meanwhile, with its endpoint
            return {"became": DeliveryState.FAILED.value}
        endpoint = self.records.find(delivery.user_id, delivery.endpoint_id)
        if endpoint is None or endpoint.disabled:
            return {"became": DeliveryState.FAILED.value}
        message = Message(delivery_id, endpoint.url, endpoint.secret, self.clock.now(), self._body(delivery))
        status, error = self._posted(message)
        self.records.attempted(delivery_id, Attempt(message.sent_at, status, error))
        if status is not None and _OK <= status < _REDIRECTS:
            return {"became": DeliveryState.DELIVERED.value}
        if status == _GONE:  # as Standard Webhooks has it, the receiver wants no more
            return {"became": DeliveryState.FAILED.value, "disable": str(endpoint.endpoint_id)}
        if error == "refused":
            return {"became": DeliveryState.FAILED.value}
        raise WebhookNotTaken

    def record(self, delivery_id: UUID, answer: Answer) -> None:
        if endpoint_id := answer.get("disable"):
            self.records.disable(UUID(endpoint_id))
        self.records.became(delivery_id, DeliveryState(answer["became"]))

    def give_up(self, delivery_id: UUID) -> None:
        """No attempt is left. The message can still be asked for by redelivery."""
        self.records.became(delivery_id, DeliveryState.FAILED)

    def _posted(self, message: Message) -> tuple[int | None, str | None]:
        """The status, or what happened instead of one."""
        try:
            return self.poster.post(message), None
        except LinkRefused:
            return None, "refused"
        except LinkUnreachable:
            return None, "unreachable"

    def _ask(self, reaction_id: UUID, delivery_id: UUID, owner: UUID) -> None:
        reaction = Reaction(SEND_WEBHOOK, "", {"delivery_id": str(delivery_id)})
        self.requests.ask(reaction_id, reaction, owner=owner)

    def _body(self, delivery: Delivery) -> bytes:
        """Ids and counts only: whoever wants to know more asks the API."""
        job = self.store.get(PhotoJob, delivery.job_id)
        outcomes = list(job.outcomes.values())
        told = {
            "type": delivery.event,
            "timestamp": delivery.recorded_at.isoformat().replace("+00:00", "Z"),
            "data": {
                "job_id": str(job.id),
                "status": job.status.value,
                "counts": {
                    "photos": len(outcomes),
                    **{one.value: outcomes.count(one) for one in Outcome if one is not Outcome.PENDING},
                },
            },
        }
        return json.dumps(told, separators=(",", ":")).encode()
