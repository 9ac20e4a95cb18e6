"""Webhook endpoints and their deliveries in memory, and a network in which messages arrive or do not."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from application.ports import LinkRefused
from application.reactions import Reaction
from application.webhook_ports import Attempt, Delivery, DeliveryState, Endpoint, Message
from tests.fakes.world import World


@dataclass(frozen=True)
class MemoryWebhookRecords:
    world: World

    def add(self, endpoint: Endpoint) -> None:
        self.world.endpoints.setdefault(endpoint.endpoint_id, endpoint)

    def find(self, user_id: UUID, endpoint_id: UUID) -> Endpoint | None:
        endpoint = self.world.endpoints.get(endpoint_id)
        return endpoint if endpoint and endpoint.user_id == user_id else None

    def of(self, user_id: UUID) -> list[Endpoint]:
        return [endpoint for endpoint in self.world.endpoints.values() if endpoint.user_id == user_id]

    def remove(self, user_id: UUID, endpoint_id: UUID) -> bool:
        if self.find(user_id, endpoint_id) is None:
            return False
        del self.world.endpoints[endpoint_id]
        for delivery in list(self.world.deliveries.values()):
            if delivery.endpoint_id == endpoint_id:
                del self.world.deliveries[delivery.delivery_id]
                self.world.attempts.pop(delivery.delivery_id, None)
        return True

    def disable(self, endpoint_id: UUID) -> None:
        if endpoint := self.world.endpoints.get(endpoint_id):
            self.world.endpoints[endpoint_id] = replace(endpoint, disabled=True)

    def announce(self, delivery: Delivery) -> bool:
        if delivery.delivery_id in self.world.deliveries or delivery.endpoint_id not in self.world.endpoints:
            return False
        self.world.deliveries[delivery.delivery_id] = delivery
        return True

    def delivery(self, delivery_id: UUID) -> Delivery | None:
        return self.world.deliveries.get(delivery_id)

    def became(self, delivery_id: UUID, state: DeliveryState) -> None:
        if delivery := self.world.deliveries.get(delivery_id):
            self.world.deliveries[delivery_id] = replace(delivery, state=state)

    def attempted(self, delivery_id: UUID, attempt: Attempt) -> None:
        if delivery_id in self.world.deliveries:
            self.world.attempts[delivery_id] = (*self.world.attempts.get(delivery_id, ()), attempt)

    def attempts(self, delivery_id: UUID) -> list[Attempt]:
        return list(self.world.attempts.get(delivery_id, ()))


@dataclass(frozen=True)
class MemoryReactionRequests:
    world: World

    def ask(self, reaction_id: UUID, reaction: Reaction, *, owner: UUID) -> None:
        self.world.requests.setdefault(reaction_id, (owner, reaction))


@dataclass
class MemoryPoster:
    """Answers with what a test says, and keeps what arrived."""

    answer: int | Exception = 200
    arrived: list[Message] = field(default_factory=list)

    def check(self, url: str) -> None:
        if not url.startswith("https://"):
            raise LinkRefused("not_https")

    def post(self, message: Message) -> int:
        if isinstance(self.answer, Exception):
            raise self.answer
        self.arrived.append(message)
        return self.answer
