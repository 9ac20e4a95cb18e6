"""Buying with Stripe behind its own SDK: what the stand-in says becomes credits, whatever its messages do."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import stripe

from domain.stripe_event import HANDLED, StripeEvent
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.settings import Settings
from tests.contracts.cashiers import SECRET
from tests.interfaces.rest.conftest import Followers, Users, make_settings, quickly_built, served
from tests.stripe_stand_in.server import KEY, Fault, StripeStandIn

PREVIOUS = "whsec_of_yesterday"


@pytest.fixture
def stand_in() -> Iterator[StripeStandIn]:
    with StripeStandIn().running() as stand_in:
        yield stand_in


@pytest.fixture
def settings(stand_in: StripeStandIn, database: Any, valkey: EmbeddedValkey, tmp_path: Path) -> Settings:
    return make_settings(
        database.app_url,
        valkey.url,
        tmp_path,
        stripe_secret_key=KEY,
        stripe_public_key="pk_test_1",
        stripe_webhook_secret=SECRET,
        stripe_webhook_secret_previous=PREVIOUS,
        stripe_api_url=stand_in.url,
    )


@dataclass
class Shop:
    """Ada, who is signed in, and Stripe."""

    ada: Any
    stand_in: StripeStandIn

    def checkout(self) -> Any:
        answer = self.ada.post("/billing/checkouts", {"offer": "PACK_20_CREDITS"})
        assert answer.status_code == 201, answer.text
        self.ada.followers.catch_up()
        return answer.json()

    @property
    def session_id(self) -> str:
        """Of the newest checkout."""
        newest: str = self.stand_in.book.of("checkout.session")[0]["id"]
        return newest

    def deliver(self, body: str, secret: str = SECRET) -> None:
        """To the webhook, and what the worker does then."""
        answer = self.ada.client.post(
            "/api/v1/webhooks/stripe",
            content=body.encode(),
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, secret),
            },
        )
        assert answer.status_code == 200, answer.text
        stripe_id = body.partition('"id": "')[2].partition('"')[0]
        event = self.ada.container.store.get(StripeEvent, StripeEvent.id_for(stripe_id))
        if event.type in HANDLED:
            self.ada.container.notices.follow_up(event.id)

    def available(self) -> int:
        self.ada.followers.catch_up()
        available: int = self.ada.get("/billing/credits").json()["available"]
        return available


@pytest.fixture
def shop(settings: Settings, database: Any, stand_in: StripeStandIn) -> Iterator[Shop]:
    container = quickly_built(settings)
    with served(container) as client:
        container.payments.sync_offers(create=True)
        users = Users(client, container, Followers(container, database.app_url))
        yield Shop(users.join(verified=False), stand_in)


@pytest.mark.parametrize("seed", range(4))
def test_messages_in_any_order_and_up_to_three_times_end_in_the_same_ledger(shop: Shop, seed: int) -> None:
    checkout = shop.checkout()
    bank, session_id = shop.stand_in.book, shop.session_id
    bank.pay(session_id)
    bank.refund(session_id, 5_40)
    dispute_id = bank.dispute(session_id, 12_60)
    bank.close_dispute(session_id, dispute_id, won=True)
    for body in shop.stand_in.deliveries(random.Random(seed)):
        shop.deliver(body)
    assert shop.available() == 14
    (purchase,) = shop.ada.get("/billing/purchases").json()["items"]
    assert (purchase["amount"], purchase["refunded"], purchase["lost"], purchase["disputed"]) == (
        1800,
        540,
        0,
        0,
    )
    assert purchase["receipt_url"].startswith("https://pay.stripe.test/receipts/")
    shown = shop.ada.get(f"/billing/checkouts/{checkout['checkout_id']}").json()
    assert shown["status"] == "paid"


def test_the_old_secret_is_taken_as_long_as_it_is_set(shop: Shop) -> None:
    shop.checkout()
    shop.stand_in.book.pay(shop.session_id)
    for body in shop.stand_in.told():
        shop.deliver(body, PREVIOUS)
    assert shop.available() == 20


def test_a_second_purchase_is_the_same_customers_who_has_a_portal(shop: Shop) -> None:
    for _ in range(2):
        shop.checkout()
        shop.stand_in.book.pay(shop.session_id)
        for body in shop.stand_in.told():
            shop.deliver(body)
        shop.ada.followers.catch_up()
    first, second = shop.stand_in.book.of("checkout.session")
    assert first["customer"] == second["customer"]
    assert shop.ada.post("/billing/portal", {}).json()["url"].startswith("https://billing.stripe.test/")
    assert shop.available() == 40


def test_a_stripe_that_is_away_is_told_and_a_repeated_request_gets_the_one_checkout(shop: Shop) -> None:
    shop.stand_in.faults.append(Fault(status=500, after=True, times=3, method="POST"))
    headers = {"Idempotency-Key": "the same one"}
    refused = shop.ada.post("/billing/checkouts", {"offer": "PACK_20_CREDITS"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (503, "payments_away")
    assert refused.headers["Retry-After"]
    answer = shop.ada.post("/billing/checkouts", {"offer": "PACK_20_CREDITS"}, headers=headers)
    assert answer.status_code == 201
    assert len(shop.stand_in.book.of("checkout.session")) == 1


def test_with_a_real_provider_there_is_no_sandbox(shop: Shop) -> None:
    shop.checkout()
    for path in (f"/sandbox/checkouts/{shop.session_id}", f"/sandbox/checkouts/{shop.session_id}/pay"):
        assert shop.ada.client.get(path).status_code == 404
        assert shop.ada.client.post(path).status_code == 404


def test_apps_are_told_the_publishable_key_and_never_the_secret_one(shop: Shop) -> None:
    answer = shop.ada.get("/billing/offers")
    assert answer.json()["public_key"] == "pk_test_1"
    assert KEY not in answer.text
    assert KEY not in repr(shop.ada.container.settings)
