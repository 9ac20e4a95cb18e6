"""What webhook endpoints and the log of their deliveries do, wherever they are kept."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.webhook_ports import Attempt, Delivery, DeliveryState, Endpoint
from domain.personal import Personal
from tests.contracts.ports import StatefulPorts, TransactionFailed, fail_after

ANN, BOB = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ENDPOINT = Endpoint(
    UUID(int=10),
    ANN,
    Personal("https://hooks.example.com/"),
    Personal("whsec_x"),
    frozenset({"job.completed"}),
)
DELIVERY = Delivery(UUID(int=20), ENDPOINT.endpoint_id, ANN, "job.completed", UUID(int=30), NOON)


def test_an_endpoint_is_its_users(ports: StatefulPorts) -> None:
    ports.webhooks.add(ENDPOINT)
    ports.webhooks.add(replace(ENDPOINT, url=Personal("https://other.example.com/")))

    assert ports.webhooks.find(ANN, ENDPOINT.endpoint_id) == ENDPOINT
    assert list(ports.webhooks.of(ANN)) == [ENDPOINT]
    assert ports.webhooks.find(BOB, ENDPOINT.endpoint_id) is None
    assert not ports.webhooks.remove(BOB, ENDPOINT.endpoint_id)


def test_an_endpoint_goes_with_its_log(ports: StatefulPorts) -> None:
    ports.webhooks.add(ENDPOINT)
    ports.webhooks.announce(DELIVERY)
    ports.webhooks.attempted(DELIVERY.delivery_id, Attempt(NOON, 500, None))

    assert ports.webhooks.remove(ANN, ENDPOINT.endpoint_id)

    assert ports.webhooks.delivery(DELIVERY.delivery_id) is None
    assert list(ports.webhooks.attempts(DELIVERY.delivery_id)) == []
    ports.webhooks.attempted(DELIVERY.delivery_id, Attempt(NOON, 200, None))
    ports.webhooks.became(DELIVERY.delivery_id, DeliveryState.DELIVERED)
    assert not ports.webhooks.announce(DELIVERY)


def test_a_message_is_announced_once_and_keeps_its_attempts_in_order(ports: StatefulPorts) -> None:
    ports.webhooks.add(ENDPOINT)
    assert [ports.webhooks.announce(DELIVERY) for _ in range(2)] == [True, False]

    attempts = [Attempt(NOON, None, "unreachable"), Attempt(NOON, 500, None), Attempt(NOON, 204, None)]
    for attempt in attempts:
        ports.webhooks.attempted(DELIVERY.delivery_id, attempt)
    ports.webhooks.became(DELIVERY.delivery_id, DeliveryState.DELIVERED)

    assert list(ports.webhooks.attempts(DELIVERY.delivery_id)) == attempts
    assert ports.webhooks.delivery(DELIVERY.delivery_id) == replace(DELIVERY, state=DeliveryState.DELIVERED)


def test_an_endpoint_that_is_gone_stays_disabled(ports: StatefulPorts) -> None:
    ports.webhooks.add(ENDPOINT)
    ports.webhooks.disable(ENDPOINT.endpoint_id)

    found = ports.webhooks.find(ANN, ENDPOINT.endpoint_id)
    assert found
    assert found.disabled


def test_what_a_failed_transaction_announced_was_never_announced(ports: StatefulPorts) -> None:
    ports.webhooks.add(ENDPOINT)
    with pytest.raises(TransactionFailed):
        fail_after(ports, lambda: ports.webhooks.announce(DELIVERY))

    assert ports.webhooks.delivery(DELIVERY.delivery_id) is None
