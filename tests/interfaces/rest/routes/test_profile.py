"""What users change about their own account over HTTP, and where they are signed in."""

from pathlib import Path
from typing import Any

import pytest

from tests.interfaces.rest.conftest import PASSWORD, mailed_token, send_mail

ANOTHER = "another long password"


def sign_in(user: Any, password: str, device: str = "laptop") -> Any:
    asked = {"email": user.email, "password": password, "transport": "bearer", "device": device}
    return user.client.post("/api/v1/auth/sign-in", json=asked)


def mailed(user: Any) -> str:
    outbox = Path(user.container.settings.outbox)
    for mail in outbox.glob("*.eml"):
        mail.unlink()
    answer = user.client.post("/api/v1/auth/password/forgot", json={"email": user.email})
    assert (answer.status_code, answer.json()) == (202, {"valid_hours": 1})
    send_mail(user.container)
    return mailed_token(outbox, user.email)


def test_a_user_changes_name_and_time_zone_if_nobody_else_has_meanwhile(ada: Any) -> None:
    seen = ada.get("/me").headers["etag"]
    changed = ada.patch("/me", {"name": "Ada King"}, headers={"If-Match": seen})

    assert (changed.status_code, changed.json()) == (200, {"name": "Ada King", "time_zone": "UTC"})
    assert ada.patch("/me", {"time_zone": "Europe/London"}, headers={"If-Match": seen}).status_code == 412
    assert ada.patch("/me", {"time_zone": "Europe/London"}).status_code == 200
    ada.followers.catch_up()
    shown = ada.get("/me").json()
    assert (shown["name"], shown["time_zone"]) == ("Ada King", "Europe/London")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": "A" * 101}, "name_too_long"),
        ({"time_zone": "Moon/Crater"}, "unknown_time_zone"),
        ({"email": "else@example.com"}, "validation_failed"),
    ],
)
def test_what_cannot_be_changed_is_told(resident: Any, wrong: dict[str, str], code: str) -> None:
    answer = resident.patch("/me", wrong)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_user_sees_where_they_are_signed_in_and_signs_a_device_out(ada: Any) -> None:
    token = sign_in(ada, PASSWORD, "Ada's laptop").json()["token"]
    laptop, here = ada.get("/auth/sessions").json()["items"]

    assert (laptop["device"], laptop["current"], here["current"]) == ("Ada's laptop", False, True)
    assert (
        ada.client.delete(f"/api/v1/auth/sessions/{laptop['session_id']}", headers=ada.headers).status_code
        == 204
    )
    assert [one["session_id"] for one in ada.get("/auth/sessions").json()["items"]] == [here["session_id"]]
    assert ada.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_nobody_signs_somebody_else_out(ada: Any, users: Any) -> None:
    bob = users.join("bob@example.com")
    (session,) = bob.get("/auth/sessions").json()["items"]

    answer = ada.client.delete(f"/api/v1/auth/sessions/{session['session_id']}", headers=ada.headers)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert bob.get("/me").status_code == 200


def test_a_session_is_refreshed_and_its_token_stays(ada: Any) -> None:
    before = ada.get("/auth/sessions").json()["items"][0]["expires_at"]
    answer = ada.post("/auth/refresh")

    assert (answer.status_code, answer.json()) == (200, {"expires_in": 2_592_000})
    assert "set-cookie" not in answer.headers
    assert ada.get("/auth/sessions").json()["items"][0]["expires_at"] > before


def test_a_cookie_is_refreshed_from_a_page_of_ours_alone(ada: Any) -> None:
    asked = {"email": ada.email, "password": PASSWORD, "transport": "cookie"}
    ours = {"Sec-Fetch-Site": "same-origin"}
    ada.client.post("/api/v1/auth/sign-in", json=asked, headers=ours)
    session = ada.client.cookies["session"]

    assert ada.client.post("/api/v1/auth/refresh").status_code == 403
    answer = ada.client.post("/api/v1/auth/refresh", headers=ours)
    assert answer.headers["set-cookie"].startswith(f"session={session};")
    assert "Max-Age=2592000" in answer.headers["set-cookie"]


def test_another_password_signs_everybody_out(ada: Any) -> None:
    asked = {"current_password": PASSWORD, "password": ANOTHER}
    wrong = ada.post("/auth/password/change", {**asked, "current_password": "a good guess at it"})
    right = ada.post("/auth/password/change", asked)

    assert (wrong.status_code, wrong.json()["code"]) == (403, "password_wrong")
    assert (right.status_code, ada.get("/me").status_code) == (204, 401)
    assert (sign_in(ada, PASSWORD).status_code, sign_in(ada, ANOTHER).status_code) == (401, 200)


def test_a_forgotten_password_is_replaced_once_with_what_was_mailed(ada: Any) -> None:
    asked = {"token": mailed(ada), "password": ANOTHER}
    first = ada.client.post("/api/v1/auth/password/reset", json=asked)
    second = ada.client.post("/api/v1/auth/password/reset", json=asked)

    assert (first.status_code, ada.get("/me").status_code) == (204, 401)
    assert (second.status_code, second.json()["code"]) == (403, "token_invalid")
    assert sign_in(ada, ANOTHER).status_code == 200


def test_nobody_hears_who_has_an_account(ada: Any) -> None:
    answer = ada.client.post("/api/v1/auth/password/forgot", json={"email": "nobody@example.com"})

    assert (answer.status_code, answer.json()) == (202, {"valid_hours": 1})
    send_mail(ada.container)
    with pytest.raises(LookupError):
        mailed_token(Path(ada.container.settings.outbox), "nobody@example.com")


def test_what_is_no_address_is_told(ada: Any) -> None:
    answer = ada.client.post("/api/v1/auth/password/forgot", json={"email": "no address"})

    assert (answer.status_code, answer.json()["code"]) == (422, "address_malformed")
