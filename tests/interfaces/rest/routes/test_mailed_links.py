"""The links in our mail lead to pages that do what the mail says, once, and only when their button is used."""

import re
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.interfaces.rest.conftest import PASSWORD, send_mail
from tests.interfaces.rest.routes.test_profile import mailed, sign_in

ANOTHER = "another long password"


def link(path: str, token: str) -> str:
    return f"/{path}?token={token}"


def heading(answer: Any) -> str:
    (found,) = re.findall("<h2>(.*)</h2>", answer.text)
    return unescape(found)


def test_an_address_is_confirmed_by_the_button_and_not_by_opening_the_link(users: Any) -> None:
    newcomer = users.join("bea@example.com", verified=False)
    newcomer.post("/auth/verification")
    token = newcomer.mailed_token()

    newcomer.client.get(link("verify", token))
    shown = newcomer.client.get(link("verify", token))
    assert (shown.status_code, heading(shown)) == (200, "Confirm your address")
    assert f'name="token" value="{token}"' in shown.text
    done = newcomer.client.post("/verify", data={"token": token})
    again = newcomer.client.post("/verify", data={"token": token})

    assert (done.status_code, heading(done)) == (200, "Your address is confirmed")
    assert (again.status_code, heading(again)) == (403, "This link is not good any more")
    newcomer.followers.catch_up()
    assert newcomer.get("/me").json()["email_verified"]
    assert newcomer.get("/billing/credits").json()["available"] == 3


def test_a_forgotten_password_is_replaced_on_the_page(ada: Any) -> None:
    token = mailed(ada)
    shown = ada.client.get(link("reset-password", token))
    assert (shown.status_code, heading(shown)) == (200, "Set another password")

    short = ada.client.post("/reset-password", data={"token": token, "password": "short"})
    assert (short.status_code, heading(short)) == (422, "Set another password")
    assert "A password has 10 to 200 characters." in short.text
    assert "short" not in short.text.replace("shortest", "")
    done = ada.client.post("/reset-password", data={"token": token, "password": ANOTHER})
    again = ada.client.post("/reset-password", data={"token": token, "password": PASSWORD})

    assert (done.status_code, heading(done)) == (200, "Your password is changed")
    assert (again.status_code, heading(again)) == (403, "This link is not good any more")
    assert (sign_in(ada, ANOTHER).status_code, ada.get("/me").status_code) == (200, 401)


@pytest.mark.parametrize("path", ["verify", "reset-password"])
def test_a_page_keeps_its_token_to_itself_and_runs_nothing(stranger: Any, path: str) -> None:
    shown = stranger.get(link(path, '"><script>alert(1)</script>'))
    assert "<script" not in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["content-security-policy"].startswith(
        "default-src 'none'; base-uri 'none'; form-action 'self'"
    )
    assert "style=" not in shown.text


@pytest.mark.parametrize("sent", [{}, {"token": ""}, {"token": "x" * 5000}, {"password": PASSWORD}])
@pytest.mark.parametrize("path", ["verify", "reset-password"])
def test_a_form_without_a_good_token_changes_nothing(stranger: Any, path: str, sent: dict[str, str]) -> None:
    answer = stranger.post(f"/{path}", data={"password": PASSWORD, **sent})
    assert (answer.status_code, heading(answer)) == (403, "This link is not good any more")


def test_what_is_mailed_are_these_links(users: Any) -> None:
    newcomer = users.join("bea@example.com", verified=False)
    newcomer.post("/auth/verification")
    newcomer.client.post("/api/v1/auth/password/forgot", json={"email": newcomer.email})
    send_mail(newcomer.container)
    files = Path(newcomer.container.settings.outbox).glob("*.eml")
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default).get_content() for file in files]
    paths = {
        path for mail in mails for path in re.findall(r"http://stage.local:4000(/[a-z-]+)\?token=", mail)
    }
    assert paths == {"/verify", "/reset-password"}
    assert all(newcomer.client.get(path).status_code == 200 for path in paths)
