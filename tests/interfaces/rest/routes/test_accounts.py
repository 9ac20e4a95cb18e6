"""Registering, proving the address, and who one is."""

from typing import Any

import pytest
from litestar.testing import TestClient

ADA = {"email": "ada@example.com", "password": "a long walk in the rain", "name": "Ada Lovelace"}


def register(client: TestClient[Any], key: str | None = None, **other: str) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/api/v1/auth/register", json={**ADA, **other}, headers=headers)


def test_a_new_account_answers_its_id_and_where_it_was_recorded(client: TestClient[Any]) -> None:
    answer = register(client)

    assert answer.status_code == 201
    assert set(answer.json()) == {"user_id"}
    assert int(answer.headers["event-position"]) > 0


def test_a_user_sees_who_they_are(ada: Any) -> None:
    answer = ada.get("/me")

    assert answer.status_code == 200
    assert answer.json() == {
        "user_id": str(ada.user_id),
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "email_verified": True,
        "roles": ["user"],
        "time_zone": "UTC",
        "registered_at": answer.json()["registered_at"],
    }
    assert answer.json()["registered_at"].endswith("Z")
    assert ada.get("/me", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_a_mailbox_has_one_account(client: TestClient[Any]) -> None:
    register(client)

    answer = register(client, email="Ada+again@example.com")

    assert (answer.status_code, answer.json()["code"]) == (409, "address_taken")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"email": "nobody"}, 422, "address_malformed"),
        ({"password": "short"}, 422, "password_too_weak"),
        ({"name": "A" * 101}, 422, "name_too_long"),
        ({"time_zone": "Moon/Crater"}, 422, "unknown_time_zone"),
        ({"time_zone": "../../etc/passwd"}, 422, "unknown_time_zone"),
        ({"time_zone": "\0"}, 422, "unknown_time_zone"),
    ],
)
def test_what_cannot_be_an_account_is_told(
    stranger: TestClient[Any], wrong: dict[str, str], status: int, code: str
) -> None:
    answer = register(stranger, **{"email": "new@example.com", **wrong})

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_registering_again_under_the_same_key_is_the_same_account(client: TestClient[Any]) -> None:
    first, again = register(client, "k-1"), register(client, "k-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_two_strangers_with_the_same_key_are_two(client: TestClient[Any]) -> None:
    ada, grace = register(client, "1"), register(client, "1", email="grace@example.com")

    assert (ada.status_code, grace.status_code) == (201, 201)
    assert ada.json() != grace.json()


def test_the_trial_comes_with_the_proof_of_the_address(users: Any) -> None:
    ada = users.join(verified=False)
    assert ada.get("/billing/credits").json()["available"] == 0

    ada.verify()
    ada.followers.catch_up()

    assert ada.get("/billing/credits").json()["available"] == 3


def test_a_mailed_token_works_once(users: Any, client: TestClient[Any]) -> None:
    ada = users.join(verified=False)
    assert ada.post("/auth/verification").json() == {"valid_hours": 24}
    token = ada.mailed_token()
    confirm = "/api/v1/auth/verification/confirm"

    first = client.post(confirm, json={"token": token})
    again = client.post(confirm, json={"token": token})

    assert (first.status_code, first.json()) == (200, {"user_id": str(ada.user_id)})
    assert (again.status_code, again.json()["code"]) == (403, "token_invalid")


def test_asking_for_a_mail_needs_a_session(stranger: TestClient[Any]) -> None:
    assert stranger.post("/api/v1/auth/verification").json()["code"] == "not_signed_in"


def test_somebody_the_read_model_does_not_know_yet_is_told_to_come_back(client: TestClient[Any]) -> None:
    register(client)
    session = client.post(
        "/api/v1/auth/sign-in",
        json={"email": ADA["email"], "password": ADA["password"], "transport": "bearer"},
    ).json()["token"]

    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {session}"})

    assert (answer.status_code, answer.json()["code"]) == (503, "read_model_behind")
    assert answer.headers["retry-after"] == "1"
