"""Credits bought from end to end, over HTTP: a click in the sandbox, its signed messages, and a balance."""

from urllib.parse import urlsplit

import httpx

from interfaces.cli.client import ApiClient
from interfaces.cli.local import Local
from tests.e2e.customers import PASSWORD, mailed_token
from tests.faults.waiting import wait_until


def test_a_click_on_the_checkouts_page_buys_credits_and_another_takes_them_back(local: Local) -> None:
    with ApiClient(local.url) as client, httpx.Client(base_url=local.url) as browser:
        client.register("buyer@example.com", PASSWORD, "Grace Hopper")
        client.confirm(mailed_token(local.outbox, "buyer@example.com"))
        client.sign_in("buyer@example.com", PASSWORD)
        checkout = client.start_checkout("PACK_50_CREDITS")
        page = urlsplit(checkout["url"]).path

        assert browser.post(f"{page}/pay").status_code == 303
        address = f"/billing/checkouts/{checkout['checkout_id']}"
        wait_until(lambda: client.get(address)["status"] == "paid", "the checkout is paid")
        wait_until(lambda: client.get("/billing/credits")["available"] == 53, "the credits are there")

        assert browser.post(f"{page}/refund", data={"amount": "4000"}).status_code == 303
        wait_until(lambda: client.get("/billing/credits")["available"] == 3, "the credits are gone again")
        (purchase,) = client.get("/billing/purchases")["items"]
        assert (purchase["amount"], purchase["refunded"], purchase["receipt_url"]) == (
            40_00,
            40_00,
            checkout["url"],
        )
