"""Stripe's messages: kept before they are acknowledged, and only if Stripe signed them."""

import json
import time
from typing import Any

import httpx
import psycopg
import pytest
import stripe
from litestar.testing import TestClient

from infrastructure.payments.sandbox_payments import sandbox_secret
from infrastructure.wiring import Container
from interfaces.rest.app import create_app
from interfaces.rest.routes.stripe_notices import WEBHOOK_BYTES
from tests.interfaces.rest.conftest import ORIGIN

URL = "/api/v1/webhooks/stripe"


def message(kind: str = "checkout.session.completed", **other: Any) -> str:
    told = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"id": "cs_1", "object": "checkout.session"}},
    }
    return json.dumps({**told, **other})


def send(
    client: Any, body: str, *, secret: str | None = None, at: float | None = None, **headers: str
) -> Any:
    secret = secret or sandbox_secret("s" * 40)
    signature = stripe.WebhookSignature.generate_signature_header(body, secret, int(at or time.time()))
    return client.post(
        URL,
        content=body.encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature, **headers},
    )


def events(database: Any) -> list[tuple[str, str]]:
    """Type and actor of all messages that are durable."""
    with psycopg.connect(database.app_url) as connection:
        rows = connection.execute(
            "SELECT state, metadata FROM event_store.events WHERE topic = 'StripeEvent.Received'"
        ).fetchall()
    return [(json.loads(state)["type"], json.loads(metadata)["actor"]) for state, metadata in rows]


def test_a_message_is_durable_before_it_is_acknowledged(container: Container, database: Any) -> None:
    """Looked at from another connection, at the moment when the answer begins to be sent."""
    app = create_app(container)
    durable: list[int] = []

    async def watched(scope: Any, receive: Any, sending: Any) -> None:
        async def looked_at(told: Any) -> None:
            if told["type"] == "http.response.start" and scope["path"] == URL:
                assert told["status"] == 200
                durable.append(len(events(database)))
            await sending(told)

        await app(scope, receive, looked_at)

    with TestClient(watched, base_url=ORIGIN) as client:
        assert send(client, message()).json() == {"received": True}
    assert durable == [1]


def test_a_second_delivery_is_acknowledged_and_kept_once(client: Any, database: Any) -> None:
    for _ in range(3):
        assert send(client, message()).status_code == 200
    assert events(database) == [("checkout.session.completed", "stripe")]


def test_a_type_that_nobody_knows_is_kept_too(client: Any, database: Any) -> None:
    assert send(client, message("customer.tax_id.created")).status_code == 200
    assert events(database) == [("customer.tax_id.created", "stripe")]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"secret": "whsec_of_somebody_else"}, "signature_invalid"),
        ({"Stripe-Signature": ""}, "signature_invalid"),
        ({"Stripe-Signature": "t=1,v1=abc"}, "signature_invalid"),
        ({"at": time.time() - 3600}, "signature_out_of_time"),
        ({"at": time.time() + 3600}, "signature_out_of_time"),
    ],
)
def test_what_stripe_did_not_sign_just_now_is_refused(
    client: Any, database: Any, how: Any, code: str
) -> None:
    answer = send(client, message(), **how)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert events(database) == []


def test_the_signature_is_over_the_very_bytes(client: Any, database: Any) -> None:
    body = message()
    signature = stripe.WebhookSignature.generate_signature_header(body, sandbox_secret("s" * 40))
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
    respelled = json.dumps(json.loads(body), indent=1)
    assert client.post(URL, content=respelled, headers=headers).json()["code"] == "signature_invalid"
    assert client.post(URL, content=b"\xff" + body.encode(), headers=headers).status_code == 400
    assert events(database) == []


def test_messages_of_the_other_mode_and_what_is_no_message_are_refused(client: Any, database: Any) -> None:
    assert send(client, message(livemode=True)).json()["code"] == "notice_of_other_mode"
    for body in ("{}", "[]", "nothing", message(object="v2.core.event"), message(data={})):
        assert send(client, body).json()["code"] == "notice_unreadable"
    assert events(database) == []


def test_what_is_larger_than_any_message_is_not_read(client: Any, database: Any) -> None:
    answer = send(client, message(padding="x" * WEBHOOK_BYTES))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["limit"] == WEBHOOK_BYTES
    assert events(database) == []


def test_nothing_of_a_payload_is_stored_in_the_clear(client: Any, database: Any) -> None:
    send(client, message(data={"object": {"object": "charge", "email": "ada@example.com"}}))
    with psycopg.connect(database.app_url) as connection:
        (state,) = connection.execute(
            "SELECT state FROM event_store.events WHERE topic = 'StripeEvent.Received'"
        ).fetchone() or (b"",)
    assert b"ada@example.com" not in state
    assert b"sealed:1:" in state


def test_other_content_types_are_refused(stranger: httpx.Client) -> None:
    assert stranger.post(URL, content=message(), headers={"Content-Type": "text/plain"}).status_code == 415


def test_a_signed_message_need_not_say_of_which_content_type_it_is(client: Any, database: Any) -> None:
    body = message()
    signature = stripe.WebhookSignature.generate_signature_header(body, sandbox_secret("s" * 40))
    answer = client.post(URL, content=body.encode(), headers={"Stripe-Signature": signature})
    assert answer.status_code == 200
    assert len(events(database)) == 1
