"""Erasing oneself over HTTP: who may, what is left to be seen, and that nothing of the person is."""

import base64
import itertools
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.stagers import RetryLater
from domain.personal import ERASED
from domain.user import Role, User
from tests.infrastructure.event_store.dumps import dump
from tests.interfaces.rest.conftest import PASSWORD
from tests.interfaces.rest.routes.test_adjustments import with_role
from tests.interfaces.rest.routes.test_profile import mailed, sign_in
from tests.interfaces.rest.routes.test_purchases import bought

NAME, GROUP = "Grace Brewster Hopper", "12 Elm Street"
FILE, DEVICE = "grandmother's kitchen.jpg", "Grace's telephone"
_NUMBERS = itertools.count()
"""Addresses are used once: the application remembers mailboxes that changed hands."""
PROGRAM = "Grace's nightly upload"
PROMPT = "as light as in my grandmother's days"
HOOK = "https://hooks.personal.example/grace"


def erase(user: Any, password: str = PASSWORD) -> Any:
    return user._request("DELETE", "/me", json={"password": password})


@pytest.fixture
def grace(users: Any) -> Any:
    """Somebody who has left traces everywhere."""
    grace = users.join(f"Grace.Hopper-{next(_NUMBERS)}@personal.example", NAME)
    grace.patch("/me", {"name": f"{NAME} II"})
    sign_in(grace, PASSWORD, DEVICE)
    upload_id = grace.upload(name=FILE)
    wanted = {
        "photos": [{"upload_id": upload_id}],
        "brief": {"preset": "enhance", "prompt": PROMPT},
        "group_name": GROUP,
    }
    job = grace.post("/jobs", wanted, headers={"Idempotency-Key": "a job"}).json()
    grace.stage(job["job_id"])
    grace.upload(name=FILE)
    grace.post("/me/webhooks", {"url": HOOK, "events": ["job.failed"]}, headers={"Idempotency-Key": "a hook"})
    grace.post(
        "/me/api-keys", {"name": PROGRAM, "scopes": ["webhooks"]}, headers={"Idempotency-Key": "a key"}
    )
    bought(grace)
    grace.submit(2, group_name=GROUP)
    grace.followers.catch_up()
    return grace


def test_a_session_alone_erases_nobody(ada: Any) -> None:
    wrong = erase(ada, "a good guess at it")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "password_wrong")
    assert ada._request("DELETE", "/me").status_code == 415
    assert ada._request("DELETE", "/me", json={}).json()["code"] == "validation_failed"
    assert ada.get("/me").status_code == 200


def test_whoever_is_erased_is_out_everywhere_and_a_stranger_to_us(grace: Any, users: Any) -> None:
    answer = erase(grace)

    told = {"user_id": str(grace.user_id), "jobs_cancelled": 1, "credits_forfeited": 22}
    assert (answer.status_code, answer.json()) == (200, told)
    assert "Event-Position" in answer.headers
    assert [grace.get(path).status_code for path in ("/me", "/jobs", "/billing/credits")] == [401] * 3
    assert erase(grace).status_code == 401
    refused, stranger = sign_in(grace, PASSWORD), sign_in(grace, "another password")
    assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_refused")
    assert set(refused.json()) == set(stranger.json())
    grace.followers.catch_up()
    assert grace.get("/me").status_code == 401

    again = users.join(grace.email, "Somebody else", verified=False)
    for mail in Path(grace.container.settings.outbox).glob("*.eml"):
        mail.unlink()
    again.verify()
    again.followers.catch_up()
    assert again.user_id != grace.user_id
    assert again.get("/billing/credits").json()["available"] == 0  # the trial was used
    assert again.get("/jobs").json()["items"] == []


def test_the_request_that_registered_somebody_does_not_bring_them_back(users: Any) -> None:
    asked = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    key = {"Idempotency-Key": "register ada"}
    registered = users.client.post("/api/v1/auth/register", json=asked, headers=key).json()
    users.container.standing.erase(UUID(registered["user_id"]))

    again = users.client.post("/api/v1/auth/register", json=asked, headers=key)

    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert users.client.post("/api/v1/auth/register", json=asked).status_code == 201


def test_a_cookie_goes_with_its_session(ada: Any) -> None:
    ours = {"Sec-Fetch-Site": "same-origin"}
    asked = {"email": ada.email, "password": PASSWORD, "transport": "cookie"}
    ada.client.post("/api/v1/auth/sign-in", json=asked, headers=ours)
    by_cookie = ada.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert (by_cookie.status_code, by_cookie.json()["code"]) == (403, "csrf_rejected")
    erased = ada.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD}, headers=ours)
    assert erased.status_code == 200
    assert "Max-Age=0" in erased.headers["set-cookie"]


def test_an_administrator_is_not_asked_instead(ada: Any, users: Any) -> None:
    admin = with_role(users.join("root@example.com"), Role.ADMIN)
    assert admin._request("DELETE", f"/admin/users/{ada.user_id}").status_code == 404
    assert ada.get("/me").status_code == 200


def test_a_request_under_way_is_told_that_nobody_is_signed_in(ada: Any) -> None:
    ada.container.keyring.destroy(ada.user_id)
    answer = ada.patch("/me", {"name": "Somebody"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_a_link_that_was_mailed_before_leads_nowhere(ada: Any) -> None:
    token = mailed(ada)
    erase(ada)
    asked = {"token": token, "password": "another long password"}
    answer = ada.client.post("/api/v1/auth/password/reset", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (403, "token_invalid")


# What is left


def forms(text: str) -> list[str]:
    """How a text could lie in a dump: itself, as bytea, in base64, as JSON has it."""
    stored = text.encode()
    return [
        text,
        stored.hex(),
        base64.b64encode(stored).decode().rstrip("=")[:-1],
        json.dumps(text)[1:-1],
    ]


def test_a_dump_holds_no_byte_of_the_person_and_none_of_their_keys(grace: Any, database: Any) -> None:
    keys = grace.container.database.one(
        "SELECT count(*), array_agg(wrapped) FROM stage.data_keys WHERE %s IN (key_id, attached_to)",
        [grace.user_id],
    )
    assert keys[0] == 2  # their own, and that of the message about their payment
    before = dump(database.superuser_url)
    assert all(wrapped.hex() in before for wrapped in keys[1])

    erase(grace)
    grace.followers.catch_up()

    after = dump(database.superuser_url)
    assert not any(wrapped.hex() in after for wrapped in keys[1])
    personal = (grace.email, grace.email.lower(), NAME, GROUP, FILE, DEVICE, PROGRAM, PROMPT, HOOK)
    assert [form for text in personal for form in forms(text) if form in after] == []


def test_audits_and_replays_show_placeholders_and_books_that_add_up(grace: Any, users: Any) -> None:
    auditor = with_role(users.join("auditor@example.com"), Role.AUDITOR)
    path = f"/audit/ledgers/{grace.user_id}"
    before = auditor.get(path).json()
    erase(grace)
    grace.followers.catch_up()

    after = auditor.get(path).json()
    assert (before["balance"]["available"], after["balance"]["available"]) == (20, 0)
    assert after["balance"]["granted"] == before["balance"]["granted"] == 23
    assert after["balanced"]
    verified = auditor.get(f"{path}/verification").json()
    assert (verified["intact"], verified["replay_agrees"]) == (True, True)
    events = auditor.get(f"{path}/events").json()["items"]
    assert [one["topic"] for one in events].count("CreditLedger.Adjusted") == 1
    shown = auditor.get("/audit/events", params={"owner": str(grace.user_id), "limit": 100}).text
    assert "sealed:1:" in shown
    assert not [text for text in (grace.email, NAME, GROUP, FILE, PROMPT) if text in shown]


def test_every_read_model_can_be_folded_again_and_shows_nobody(grace: Any, database: Any) -> None:
    erase(grace)
    grace.followers.catch_up()
    before = rows(grace)
    with grace.container.database.connection() as connection:
        connection.execute("DELETE FROM stage.checkpoints")
        for table in before:
            connection.execute(f"TRUNCATE read_models.{table}")
    grace.followers.catch_up()
    assert rows(grace) == before
    assert grace.container.store.get(User, grace.user_id).name.text == ERASED
    assert not [
        text for text in (grace.email, NAME, GROUP, FILE, PROMPT) if text in dump(database.superuser_url)
    ]


def rows(user: Any) -> dict[str, list[Any]]:
    """Every read model's rows, in one order."""
    with user.container.database.connection() as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'read_models' ORDER BY tablename"
            )
        ]
        return {
            table: sorted(map(repr, connection.execute(f"SELECT * FROM read_models.{table}").fetchall()))
            for table in tables
        }


def test_all_pictures_go_and_their_jobs_tell_it(grace: Any) -> None:
    erase(grace)
    grace.followers.catch_up()
    with pytest.raises(RetryLater):  # until the read models know that the jobs gave them up
        grace.container.retention.erase(grace.user_id)
    grace.followers.catch_up()
    assert grace.container.retention.erase(grace.user_id) == {"deleted": 0}
    assert grace.container.pictures.clear(grace.user_id) == 0


def test_a_new_table_about_users_is_forgotten_too_or_holds_references_alone(container: Any) -> None:
    """Whoever adds one decides: it goes in records/traces.py, or holds nothing that needs to go."""
    references = {"answers", "reactions", "data_keys", "webhook_deliveries", "security_log"}
    with container.database.connection() as connection:
        found = {
            table
            for (table,) in connection.execute(
                """
                SELECT DISTINCT table_name FROM information_schema.columns
                WHERE table_schema = 'stage' AND column_name IN ('user_id', 'owner', 'key_id')
                """
            )
        }
    assert found - references == {
        "api_keys",
        "credentials",
        "sessions",
        "tokens",
        "uploads",
        "webhook_endpoints",
    }
