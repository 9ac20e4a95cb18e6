"""Sessions as bearer token and as cookie, and from whose pages the cookie works."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from domain.user import User
from infrastructure.wiring import Container
from interfaces.rest.app import create_app

SIGN_IN = "/api/v1/auth/sign-in"
SIGN_OUT = "/api/v1/auth/sign-out"
ME = "/api/v1/me"
OURS = "http://stage.local:4000"
CREDENTIALS = {"email": "ada@example.com", "password": "a long walk in the rain"}


def sign_in(client: TestClient[Any], transport: str = "cookie", **headers: str) -> Any:
    return client.post(SIGN_IN, json={**CREDENTIALS, "transport": transport}, headers=headers)


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer ", "Bearer nobodys", "Basic YTpi", "nobodys", "Bearer \xe4"]
)
def test_without_a_known_session_nobody_gets_in(stranger: TestClient[Any], header: str | None) -> None:
    headers = {b"Authorization": header.encode("latin-1")} if header is not None else {}

    answer = stranger.get(ME, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_stranger_is_refused_before_their_body_is_looked_at(stranger: TestClient[Any]) -> None:
    assert stranger.post("/api/v1/jobs", content=b"{").status_code == 401
    assert stranger.post("/api/v1/uploads", content=b"x" * 20_000_000).status_code == 401


@pytest.mark.parametrize("wrong", [{"password": "a long walk in the sun"}, {"email": "b@example.com"}])
def test_address_and_password_must_belong_together(ada: Any, wrong: dict[str, str]) -> None:
    answer = ada.client.post(SIGN_IN, json={**CREDENTIALS, **wrong, "transport": "bearer"})

    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")


def test_a_bearer_signs_in_with_a_token_and_no_cookie(ada: Any) -> None:
    answer = sign_in(ada.client, "bearer")

    assert answer.json()["expires_in"] == 30 * 24 * 3600
    assert "set-cookie" not in answer.headers
    assert (
        ada.client.get(ME, headers={"Authorization": f"bearer {answer.json()['token']}"}).status_code == 200
    )


def test_a_browser_signs_in_with_a_cookie_and_no_token(ada: Any) -> None:
    answer = sign_in(ada.client, Origin=OURS)

    assert answer.json()["token"] is None
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert ada.client.get(ME).json()["email"] == "ada@example.com"


@pytest.mark.usefixtures("ada")
def test_over_https_the_cookie_is_for_this_host_alone(container: Container) -> None:
    https = msgspec.structs.replace(container.settings, app_url="https://stage.local")
    with TestClient(create_app(replace(container, settings=https)), base_url="https://stage.local") as client:
        answer = sign_in(client, Origin="https://stage.local")

        assert answer.headers["set-cookie"].startswith("__Host-session=")
        assert "; Secure" in answer.headers["set-cookie"]
        assert "max-age=" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_cookie_sent_from_anothers_page_changes_nothing(ada: Any, headers: dict[str, str]) -> None:
    sign_in(ada.client, Origin=OURS)

    answer = ada.client.post("/api/v1/auth/verification", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_rejected")
    assert ada.client.post(SIGN_OUT, headers=headers).status_code == 403
    assert ada.client.get(ME).status_code == 200


@pytest.mark.parametrize("headers", [{"Origin": OURS}, {"Sec-Fetch-Site": "same-origin"}])
def test_a_cookie_sent_from_our_page_works(ada: Any, headers: dict[str, str]) -> None:
    sign_in(ada.client, Origin=OURS)

    assert ada.client.post("/api/v1/auth/verification", headers=headers).status_code == 202


def test_nobody_elses_page_can_sign_a_browser_in(ada: Any) -> None:
    assert sign_in(ada.client, Origin="https://evil.example").json()["code"] == "csrf_rejected"


def test_a_token_works_from_anywhere(ada: Any) -> None:
    assert ada.post("/auth/verification", headers={"Origin": "https://evil.example"}).status_code == 202


def test_signing_out_ends_the_session_and_clears_the_cookie(ada: Any) -> None:
    assert ada.post("/auth/sign-out").status_code == 204
    assert ada.get("/me").status_code == 401

    sign_in(ada.client, Origin=OURS)
    answer = ada.client.post(SIGN_OUT, headers={"Origin": OURS})

    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert ada.client.get(ME).status_code == 401


def test_signing_out_without_a_session_is_right_too(stranger: TestClient[Any]) -> None:
    assert stranger.post(SIGN_OUT).status_code == 204


def test_a_suspended_users_sessions_are_over(ada: Any, container: Container) -> None:
    user = container.store.get(User, ada.user_id)
    user.suspend("spam")
    container.store.save(user)
    ada.followers.catch_up()

    assert ada.get("/me").json()["code"] == "not_signed_in"
    assert sign_in(ada.client, "bearer").json()["code"] == "account_suspended"
