"""What forgetting a user does to all that is kept beside the log."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import TokenInvalid
from application.photos import PhotoFacts
from application.ports import ApiKey, Credential, Upload
from application.webhook_ports import Delivery, Endpoint
from application.webhooks import Announced
from domain.personal import Personal
from tests.contracts.ports import StatefulPorts, TransactionFailed, fail_after

ANN, BOB, JOB = UUID(int=1), UUID(int=2), UUID(int=3)
HOUR = timedelta(hours=1)


def made_of(user: UUID, number: int) -> UUID:
    return UUID(int=user.int * 100 + number)


def settle_in(ports: StatefulPorts, user: UUID) -> tuple[str, str]:
    """One of everything; the session and the token."""
    ports.credentials.put(made_of(user, 1), Credential(user, "hash"))
    upload = Upload(
        made_of(user, 2),
        user,
        "aa" * 32,
        PhotoFacts("image/jpeg", 8, 6),
        size=100,
        name=Personal("room.jpg"),
        expires_at=ports.clock.now() + HOUR,
    )
    ports.records.add(upload)
    endpoint_id, url, secret = made_of(user, 3), Personal("https://hooks.test"), Personal("whsec_1")
    ports.webhooks.add(Endpoint(endpoint_id, user, url, secret, frozenset({Announced.JOB_FAILED})))
    delivery = Delivery(made_of(user, 4), endpoint_id, user, "job.failed", JOB, ports.clock.now())
    assert ports.webhooks.announce(delivery)
    ports.api_keys.issue(ApiKey(made_of(user, 5), user, Personal("nightly"), {"webhooks"}, None))
    return ports.sessions.open(user, device="phone", lifetime=HOUR), ports.tokens.issue("reset", user, HOUR)


def left_of(ports: StatefulPorts, user: UUID) -> list[bool]:
    return [
        ports.credentials.find(made_of(user, 1)) is not None,
        ports.records.find(user, made_of(user, 2)) is not None,
        ports.webhooks.find(user, made_of(user, 3)) is not None,
        ports.webhooks.delivery(made_of(user, 4)) is not None,
        ports.api_keys.count(user) > 0,
    ]


def test_nothing_of_the_user_is_left_and_all_of_everybody_else(ports: StatefulPorts) -> None:
    session, token = settle_in(ports, ANN)
    bobs_session, bobs_token = settle_in(ports, BOB)
    for _ in range(2):
        with ports.store.transaction():
            ports.traces.forget(ANN)
    assert (left_of(ports, ANN), left_of(ports, BOB)) == ([False] * 5, [True] * 5)
    assert (ports.signed_in(session), ports.signed_in(bobs_session)) == (None, BOB)
    with pytest.raises(TokenInvalid):
        ports.tokens.redeem("reset", token)
    assert ports.tokens.redeem("reset", bobs_token) == BOB


def test_all_is_as_before_when_the_transaction_fails(ports: StatefulPorts) -> None:
    session, _ = settle_in(ports, ANN)
    with pytest.raises(TransactionFailed):
        fail_after(ports, lambda: ports.traces.forget(ANN))
    assert (left_of(ports, ANN), ports.signed_in(session)) == ([True] * 5, ANN)
    upload = ports.records.find(ANN, made_of(ANN, 2))
    assert upload
    assert upload.name.text == "room.jpg"
