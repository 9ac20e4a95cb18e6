"""Buying credits over HTTP, in the sandbox: from the offers to the receipt, and back again."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
import stripe

from domain.stripe_event import HANDLED, StripeEvent
from infrastructure.payments.sandbox_payments import SandboxPayments, sandbox_secret

SANDBOX = "http://stage.local:4000"


def told(user: Any) -> None:
    """Deliver all messages over HTTP, follow each up as the worker does, and bring the read models along."""
    payments: SandboxPayments = user.container.payments
    for message in payments.till.undelivered():
        signature = stripe.WebhookSignature.generate_signature_header(message.body, sandbox_secret("s" * 40))
        answer = user.client.post(
            "/api/v1/webhooks/stripe",
            content=message.body.encode(),
            headers={"Content-Type": "application/json", "Stripe-Signature": signature},
        )
        assert answer.status_code == 200, answer.text
        payments.till.delivered(message.stripe_id)
        event = user.container.store.get(StripeEvent, StripeEvent.id_for(message.stripe_id))
        if event.type in HANDLED:
            user.container.notices.follow_up(event.id)
    user.followers.catch_up()


def order(user: Any, **other: Any) -> Any:
    answer = user.post("/billing/checkouts", {"offer": "PACK_20_CREDITS", **other})
    user.followers.catch_up()
    return answer


def act(user: Any, checkout: Any, what: str, **form: Any) -> Any:
    return user.client.post(f"{checkout['url'].removeprefix(SANDBOX)}/{what}", data=form)


def bought(user: Any, **other: Any) -> Any:
    checkout = order(user, **other).json()
    assert act(user, checkout, "pay").status_code == 303
    told(user)
    return checkout


def test_offers_are_for_everybody_to_see(stranger: Any) -> None:
    shown = stranger.get("/api/v1/billing/offers").json()
    assert [(one["offer"], one["credits"], one["amount"]) for one in shown["items"]] == [
        ("PAYG_IMAGE_CREDIT", 1, 100),
        ("PACK_20_CREDITS", 20, 1800),
        ("PACK_50_CREDITS", 50, 4000),
        ("PACK_100_CREDITS", 100, 7500),
    ]
    assert shown["public_key"] is None


def test_a_checkout_is_known_before_any_read_model_knows_it(ada: Any) -> None:
    begun = ada.post("/billing/checkouts", {"offer": "PACK_20_CREDITS"}).json()
    shown = ada.client.get(f"/api/v1/billing/checkouts/{begun['checkout_id']}", headers=ada.headers)
    assert (shown.status_code, shown.json()["status"], shown.json()["credits"]) == (200, "open", 20)


def test_a_checkout_leads_from_a_page_to_credits_and_a_receipt(ada: Any) -> None:
    answer = order(ada, quantity=2, return_path="/billing?tab=credits")
    assert answer.status_code == 201, answer.text
    checkout = answer.json()
    address = f"/billing/checkouts/{checkout['checkout_id']}"
    assert answer.headers["Location"] == f"/api/v1{address}"
    open_one = ada.get(address).json()
    assert (open_one["status"], open_one["credits"], open_one["amount"]) == ("open", 40, 3600)

    act(ada, checkout, "pay")
    told(ada)

    paid = ada.get(address).json()
    assert (paid["status"], paid["failure"]) == ("paid", None)
    assert ada.get("/billing/credits").json()["available"] == 43
    (purchase,) = ada.get("/billing/purchases").json()["items"]
    assert (purchase["amount"], purchase["refunded"], purchase["credits"]) == (3600, 0, 40)
    assert purchase["receipt_url"] == checkout["url"]
    assert "40 credits" in ada.get("/billing/statement").json()["items"][0]["description"]


def test_the_page_shows_what_is_bought_and_loads_nothing_from_elsewhere(ada: Any) -> None:
    checkout = order(ada).json()
    page = ada.client.get(checkout["url"].removeprefix(SANDBOX))
    assert page.status_code == 200
    assert "$18.00" in page.text
    assert "20 credits" in page.text
    assert not re.search(r"<script|\b(?:src|style|on\w+)=", page.text)
    links = re.findall(r'(?:href|action)="([^"]+)"', page.text)
    assert all(link.startswith(("/sandbox/", f"{SANDBOX}/")) for link in links)
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "form-action 'self'" in page.headers["content-security-policy"]


def test_customer_and_bank_can_do_everything_at_a_click(ada: Any) -> None:
    checkout = order(ada).json()
    act(ada, checkout, "decline")
    told(ada)
    address = f"/billing/checkouts/{checkout['checkout_id']}"
    assert ada.get(address).json()["failure"] == "card_declined"
    act(ada, checkout, "pay_later")
    told(ada)
    assert ada.get(address).json()["status"] == "open"
    act(ada, checkout, "arrive")
    act(ada, checkout, "refund", amount="540")
    act(ada, checkout, "warn")
    act(ada, checkout, "dispute", amount="")
    told(ada)
    payment = ada.container.payments.payment(f"cs_sandbox_{UUID(checkout['checkout_id']).hex}")
    (purchase,) = ada.get("/billing/purchases").json()["items"]
    assert (purchase["refunded"], purchase["disputed"], purchase["lost"]) == (540, 1260, 0)
    act(ada, checkout, "lose", id=payment.disputes[0].dispute_id)
    told(ada)
    (purchase,) = ada.get("/billing/purchases").json()["items"]
    assert (purchase["disputed"], purchase["lost"]) == (0, 1260)
    page = ada.client.get(checkout["url"].removeprefix(SANDBOX)).text
    assert "Dispute lost" in page
    act(ada, checkout, "win", id=payment.disputes[0].dispute_id)
    act(ada, checkout, "fail_refund", id=payment.refunds[0].refund_id)
    told(ada)
    (purchase,) = ada.get("/billing/purchases").json()["items"]
    assert (purchase["refunded"], purchase["disputed"], purchase["lost"]) == (0, 0, 0)
    assert ada.get("/billing/credits").json()["available"] == 23


@pytest.mark.parametrize(
    ("what", "form"),
    [
        ("arrive", {}),
        ("refund", {}),
        ("dispute", {"amount": "1"}),
        ("win", {"id": "dp_nothing"}),
        ("fail_refund", {"id": "re_nothing"}),
        ("teleport", {}),
    ],
)
def test_what_cannot_happen_to_an_open_checkout_is_refused(ada: Any, what: str, form: Any) -> None:
    answer = act(ada, order(ada).json(), what, **form)
    assert (answer.status_code, answer.json()["code"]) == (409, "sandbox_refused")


def test_no_more_goes_back_than_was_paid(ada: Any) -> None:
    checkout = bought(ada)
    for amount in ("1801", "0", "-1", "ten"):
        assert act(ada, checkout, "refund", amount=amount).status_code == 409


def test_a_repeated_order_is_answered_as_the_first_time(ada: Any) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = [
        ada.post("/billing/checkouts", {"offer": "PACK_20_CREDITS"}, headers=headers) for _ in "ab"
    ]
    assert first.json() == second.json()
    other = ada.post("/billing/checkouts", {"offer": "PACK_50_CREDITS"}, headers=headers)
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"offer": "PACK_7_CREDITS"}, "offer_unknown"),
        ({"offer": "PACK_20_CREDITS", "quantity": 0}, "quantity_out_of_range"),
        ({"offer": "PACK_20_CREDITS", "quantity": 501}, "quantity_out_of_range"),
        ({"offer": "PACK_20_CREDITS", "return_path": "//evil.example"}, "return_path_refused"),
        ({"offer": "PACK_20_CREDITS", "return_path": "https://evil.example"}, "return_path_refused"),
        ({"offer": "PACK_20_CREDITS", "price": 1}, "validation_failed"),
    ],
)
def test_what_is_not_for_sale_is_refused(resident: Any, body: Any, code: str) -> None:
    answer = resident.post("/billing/checkouts", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_portal_is_for_customers(ada: Any) -> None:
    assert ada.post("/billing/portal", {}).json()["code"] == "nothing_bought"
    bought(ada)
    url = ada.post("/billing/portal", {"return_path": "/billing"}).json()["url"]
    page = ada.client.get(url.removeprefix(SANDBOX))
    assert "20 credits" in page.text
    assert f'href="{SANDBOX}/billing"' in page.text


def test_nobody_sees_the_checkouts_and_purchases_of_others(ada: Any, users: Any) -> None:
    checkout = bought(ada)
    eve = users.join("eve@example.com")
    assert eve.get(f"/billing/checkouts/{checkout['checkout_id']}").status_code == 404
    assert eve.get("/billing/purchases").json() == {"items": [], "next_cursor": None}


def test_purchases_are_cut_into_pages(ada: Any) -> None:
    for _ in range(3):
        bought(ada)
    first = ada.get("/billing/purchases", params={"limit": 2}).json()
    rest = ada.get("/billing/purchases", params={"cursor": first["next_cursor"]}).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)


def test_there_is_no_such_page_for_a_checkout_that_nobody_began(stranger: Any) -> None:
    assert stranger.get("/sandbox/checkouts/cs_nothing").status_code == 409
