"""The whole product with Stripe's SDK in between: prices made, credits sold once, and what never arrived found."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import stripe

from interfaces.cli.client import ApiClient
from interfaces.cli.local import Local, running
from tests.contracts.cashiers import SECRET
from tests.e2e.customers import PASSWORD, mailed_token
from tests.faults.waiting import wait_until
from tests.folders import removed_with_its_servers
from tests.stripe_stand_in.server import KEY, Fault, StripeStandIn


@pytest.fixture
def stand_in() -> Iterator[StripeStandIn]:
    with StripeStandIn().running() as stand_in:
        yield stand_in


@pytest.fixture
def shop(
    stand_in: StripeStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Local, Path]]:
    """As `stage up` runs with these variables, and the folder in which its data are."""
    with monkeypatch.context() as variables:
        variables.setenv("STRIPE_SECRET_KEY", KEY)
        variables.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
        variables.setenv("STRIPE_API_URL", stand_in.url)
        with removed_with_its_servers(tmp_path / "data") as folder, running(folder) as local:
            variables.undo()
            yield local, folder


def stage(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """In a shell that knows nothing of Stripe."""
    command = [sys.executable, "-m", "interfaces.cli.main", "stripe", *arguments, "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def delivered(local: Local, body: str) -> int:
    signature = stripe.WebhookSignature.generate_signature_header(body, SECRET)
    headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
    answer = httpx.post(f"{local.url}/api/v1/webhooks/stripe", content=body, headers=headers, timeout=30)
    return answer.status_code


def test_credits_are_sold_and_taken_back_through_stripe(
    shop: tuple[Local, Path], stand_in: StripeStandIn
) -> None:
    local, folder = shop
    assert stage("sync-offers", folder=folder).returncode == 0
    assert len(stand_in.book.of("price")) == 4
    with ApiClient(local.url) as client:
        client.register("buyer@example.com", PASSWORD, "Grace Hopper")
        client.confirm(mailed_token(local.outbox, "buyer@example.com"))
        client.sign_in("buyer@example.com", PASSWORD)

        checkout = client.start_checkout("PACK_50_CREDITS")
        session_id = stand_in.book.of("checkout.session")[0]["id"]
        stand_in.book.pay(session_id)
        stand_in.faults += [Fault(status=429, method="GET"), Fault(status=500, method="GET")]
        body = next(body for body in stand_in.told() if "checkout.session.completed" in body)
        with ThreadPoolExecutor(10) as senders:
            assert set(senders.map(lambda _: delivered(local, body), range(50))) == {200}
        wait_until(lambda: client.get("/billing/credits")["available"] == 53, "the credits are there")
        assert client.get(f"/billing/checkouts/{checkout['checkout_id']}")["status"] == "paid"

        stand_in.book.refund(session_id, 10_00)  # whose messages never arrive
        report = stage("reconcile", "--json", folder=folder)
        assert report.returncode == 0
        missed = {one["detail"] for one in json.loads(report.stdout)["differences"]}
        assert {"refund.created", "charge.refunded"} <= missed
        wait_until(lambda: client.get("/billing/credits")["available"] == 41, "a quarter is gone")
