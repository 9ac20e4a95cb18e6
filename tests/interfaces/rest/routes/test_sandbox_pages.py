"""The sandbox's pages, as a browser meets them: told how it stands, whatever was clicked, and never led away."""

import re
from typing import Any

import pytest

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def page(ada: Any) -> str:
    """The address of a checkout of forty credits."""
    answer = ada.post(
        "/billing/checkouts", {"offer": "PACK_20_CREDITS", "quantity": 2, "return_path": "/b?x=1"}
    )
    url: str = answer.json()["url"]
    return "/sandbox" + url.partition("/sandbox")[2]


def read(ada: Any, page: str) -> str:
    answer = ada.client.get(page, headers=BROWSER)
    assert answer.status_code == 200
    return str(answer.text)


def test_it_tells_what_was_paid_given_back_and_kept(ada: Any, page: str) -> None:
    assert 'class="state open"' in read(ada, page)
    ada.client.post(f"{page}/pay", headers=BROWSER)
    ada.client.post(f"{page}/refund", headers=BROWSER, data={"amount": "540"})
    shown = read(ada, page)
    assert 'class="state paid"' in shown
    assert all(money in shown for money in ("$36.00", "$5.40", "$30.60"))
    assert "Continue to the app<small>/b</small>" in shown


def test_a_second_click_shows_how_it_stands_and_a_program_is_told_why_not(ada: Any, page: str) -> None:
    for _ in range(2):
        answer = ada.client.post(f"{page}/pay", headers=BROWSER, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, page)
    assert ada.client.post(f"{page}/pay", follow_redirects=False).status_code == 409
    unknown = ada.client.post("/sandbox/checkouts/cs_nothing/pay", headers=BROWSER, follow_redirects=False)
    assert unknown.status_code == 409


def test_each_form_can_be_reached_and_named_without_a_mouse(ada: Any, page: str) -> None:
    ada.client.post(f"{page}/pay", headers=BROWSER)
    shown = read(ada, page)
    assert len(re.findall("<form", shown)) == len(re.findall("<button", shown))
    visible = re.findall(r'<input id="(\w+)"', shown)
    assert visible == re.findall(r'<label for="(\w+)"', shown) == ["refund", "dispute"]
    assert "<script" not in shown
    assert "style=" not in shown


@pytest.mark.parametrize("back", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
def test_the_customers_page_leads_back_to_us_only(ada: Any, page: str, back: str) -> None:
    session = page.rpartition("/")[2]
    customer = ada.container.payments.payment(session).customer_id
    shown = ada.client.get(f"/sandbox/customers/{customer}", params={"back": back}).text
    assert "evil" not in shown
    assert "javascript" not in shown
    assert shown.count("20 credits") == 1
