"""Payments while things fail: what somebody paid for is granted, once, whatever dies on the way."""

import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import stripe

from infrastructure.payments.sandbox_payments import SandboxPayments, sandbox_secret
from infrastructure.payments.sandbox_till import Message
from tests.faults.customer import Customer
from tests.faults.installation import Installation
from tests.faults.waiting import wait_until

GRANTED_WITHIN = 30.0
"""Seconds from a crash to the grant."""


@pytest.fixture
def bank(installation: Installation) -> SandboxPayments:
    """Customer and bank, who deliver no message by themselves."""
    settings = installation.container.settings
    payments = installation.container.payments
    assert isinstance(payments, SandboxPayments)
    return SandboxPayments(
        payments.till, sandbox_secret(settings.auth_secret), settings.app_url, deliver=lambda *_: False
    )


def checkout(ada: Customer) -> str:
    """A new session's id."""
    answer = ada.insist("POST", "/billing/checkouts", json={"offer": "PACK_20_CREDITS"}).json()
    path: str = urlsplit(answer["url"]).path
    return path.rpartition("/")[2]


def sent(installation: Installation, message: Message) -> httpx.Response:
    """Our webhook's answer to it."""
    secret = sandbox_secret(installation.container.settings.auth_secret)
    return httpx.post(
        f"{installation.apis[0].url}/api/v1/webhooks/stripe",
        content=message.body,
        headers={
            "Content-Type": "application/json",
            "Stripe-Signature": stripe.WebhookSignature.generate_signature_header(message.body, secret),
        },
        timeout=60,
    )


def acknowledged(installation: Installation, message: Message) -> bool:
    with suppress(httpx.TransportError):
        return sent(installation, message).is_success
    return False


def insist(installation: Installation, message: Message) -> None:
    """Send it until it is acknowledged, as Stripe does."""
    wait_until(lambda: acknowledged(installation, message), "the message is acknowledged")


def bought_credits(ada: Customer) -> int:
    lots: Any = ada.insist("GET", "/billing/credits").json()["lots"]
    return sum(lot["credits"] for lot in lots if lot["source"] == "purchase")


def test_what_was_paid_is_granted_within_thirty_seconds_of_a_crash(
    installation: Installation, ada: Customer, bank: SandboxPayments
) -> None:
    """Everything dies between the message's commit and what follows from it."""
    before = bought_credits(ada)
    session_id = checkout(ada)
    for process in (*installation.followers, *installation.workers):
        process.kill()
    bank.pay(session_id)
    message = bank.till.undelivered()[0]
    insist(installation, message)
    bank.till.delivered(message.stripe_id)
    installation.apis[0].kill()
    installation.valkey.kill()
    installation.postgres.kill()
    installation.postgres.start()
    installation.valkey.start()
    installation.revive()
    installation.wait_until_ready()
    took = wait_until(lambda: bought_credits(ada) == before + 20, "the credits are there")
    print(f"granted {took:.1f} s after everything came back")
    assert took < GRANTED_WITHIN


def test_a_message_that_comes_while_postgresql_restarts_is_kept_or_not_acknowledged(
    installation: Installation, ada: Customer, bank: SandboxPayments
) -> None:
    before = bought_credits(ada)
    for _ in range(3):
        session_id = checkout(ada)
        bank.pay(session_id)
        message = bank.till.undelivered()[0]
        restarted = threading.Thread(target=_restart, args=(installation,))
        restarted.start()
        insist(installation, message)
        restarted.join()
        bank.till.delivered(message.stripe_id)
    wait_until(lambda: bought_credits(ada) == before + 60, "all three were granted, each once")


def test_while_postgresql_is_away_no_message_is_acknowledged(
    installation: Installation, ada: Customer, bank: SandboxPayments
) -> None:
    before = bought_credits(ada)
    bank.pay(checkout(ada))
    message = bank.till.undelivered()[0]
    installation.postgres.stop()
    try:
        assert sent(installation, message).status_code == 503
    finally:
        installation.postgres.start()
    insist(installation, message)
    bank.till.delivered(message.stripe_id)
    wait_until(lambda: bought_credits(ada) == before + 20, "it was granted in the end")


def _restart(installation: Installation) -> None:
    installation.postgres.kill()
    installation.postgres.start()
