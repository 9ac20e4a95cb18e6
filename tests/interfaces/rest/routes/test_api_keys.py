"""API keys over HTTP: made, used within their scopes, and over at once."""

import hashlib
from typing import Any

import pytest

from application.api_keys import KeyScope
from domain.user import Role, User
from interfaces.rest.addresses import API
from interfaces.rest.routes.table import HANDLERS
from interfaces.rest.scopes import scope
from tests.infrastructure.event_store.dumps import dump
from tests.interfaces.rest.conftest import PASSWORD
from tests.interfaces.rest.routes.test_adjustments import with_role

ALL = [one.value for one in KeyScope]
UNKNOWN = "00000000-0000-4000-8000-000000000404"


def create(user: Any, *scopes: str, headers: Any = None, **other: Any) -> Any:
    asked = {"name": "nightly", "scopes": list(scopes or ALL), **other}
    return user.post("/me/api-keys", asked, headers=headers or {})


def ask(user: Any, key: str, method: str, path: str, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return user.client.request(method, f"/api/v1{path}", headers=headers, **more)


def test_a_key_is_shown_once_and_listed_by_how_it_begins(ada: Any) -> None:
    answer = create(ada, "jobs:write", "jobs:read", "jobs:read", name="  Nightly uploads ")

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["key"].startswith("sis_")
    assert (made["name"], made["scopes"]) == ("Nightly uploads", ["jobs:read", "jobs:write"])
    (listed,) = ada.get("/me/api-keys").json()["items"]
    assert listed["prefix"] == made["key"][:10]
    assert "key" not in listed
    assert {name: listed[name] for name in ("key_id", "name", "scopes", "expires_at")} == {
        name: made[name] for name in ("key_id", "name", "scopes", "expires_at")
    }
    assert listed["last_used_at"] is None
    assert made["expires_at"] > listed["created_at"]


def test_a_program_does_the_main_job_with_it(ada: Any, photo: bytes) -> None:
    key = create(ada, "jobs:read", "jobs:write").json()["key"]
    sent = ask(ada, key, "POST", "/uploads", files={"photo": ("room.jpg", photo)})
    asked = {"photos": [{"upload_id": sent.json()["upload_id"]}], "brief": {"preset": "enhance"}}
    job = ask(ada, key, "POST", "/jobs", json=asked)
    assert job.status_code == 202, job.text
    ada.followers.catch_up()
    assert ask(ada, key, "GET", f"/jobs/{job.json()['job_id']}").json()["status"] == "pending"
    assert ask(ada, key, "GET", "/jobs").json()["items"][0]["job_id"] == job.json()["job_id"]
    assert ada.get("/me/api-keys").json()["items"][0]["last_used_at"]


def test_what_a_key_does_is_told_as_its_users_and_because_of_it(ada: Any) -> None:
    made = create(ada, "jobs:write").json()
    job_id = ada.submit()
    request = {"X-Request-Id": "nightly-1", "Authorization": f"Bearer {made['key']}"}
    answer = ada.client.patch(f"/api/v1/jobs/{job_id}", json={"group_name": "Elm"}, headers=request)
    assert answer.status_code == 200, answer.text
    auditor = with_role(ada, Role.AUDITOR)
    events = auditor.get("/audit/events", params={"owner": str(ada.user_id), "limit": 100}).json()["items"]
    (renamed,) = [one for one in events if one["topic"] == "PhotoJob.GroupRenamed"]
    assert f'"actor":"user:{ada.user_id}"' in renamed["metadata"]
    assert f'"cause":"api_key:{made["key_id"]}"' in renamed["metadata"]
    assert '"correlation":"nightly-1"' in renamed["metadata"]


# Scopes

OPENED = {
    "GET /jobs": "jobs:read",
    "GET /dashboard": "jobs:read",
    f"GET /jobs/{UNKNOWN}": "jobs:read",
    f"GET /jobs/{UNKNOWN}/download": "jobs:read",
    f"POST /jobs/{UNKNOWN}/cancel": "jobs:write",
    f"DELETE /jobs/{UNKNOWN}": "jobs:write",
    "GET /billing/credits": "billing:read",
    "GET /billing/purchases": "billing:read",
    "GET /me/webhooks": "webhooks",
    f"DELETE /me/webhooks/{UNKNOWN}": "webhooks",
    "GET /me": "profile:read",
}
CLOSED = (
    "PATCH /me",
    "DELETE /me",
    "GET /me/export",
    "GET /me/api-keys",
    "POST /me/api-keys",
    f"DELETE /me/api-keys/{UNKNOWN}",
    "POST /auth/password/change",
    "POST /auth/verification",
    "POST /auth/refresh",
    "GET /auth/sessions",
    f"DELETE /auth/sessions/{UNKNOWN}",
    "POST /billing/checkouts",
    "POST /billing/portal",
)


@pytest.fixture(scope="session")
def keys(resident: Any) -> dict[str, str]:
    """A key for each scope, and one with all others."""
    made = {one: create(resident, one).json()["key"] for one in ALL}
    return made | {f"not {one}": create(resident, *(set(ALL) - {one})).json()["key"] for one in ALL}


@pytest.mark.parametrize(("asked", "needed"), OPENED.items(), ids=OPENED)
def test_a_route_opens_to_its_scope_alone(
    resident: Any, keys: dict[str, str], asked: str, needed: str
) -> None:
    method, path = asked.split()
    assert ask(resident, keys[needed], method, path).status_code in (200, 404)
    refused = ask(resident, keys[f"not {needed}"], method, path)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert refused.json()["scope"] == needed


@pytest.mark.parametrize("asked", CLOSED)
def test_no_key_opens_what_would_make_it_its_user(resident: Any, asked: str) -> None:
    method, path = asked.split()
    key = create(resident).json()
    answer = ask(resident, key["key"], method, path, json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "session_needed")
    resident.client.delete(f"/api/v1/me/api-keys/{key['key_id']}", headers=resident.headers)


def test_every_route_has_its_scope_or_takes_a_session() -> None:
    """Whoever adds a route finds it here: none opens by accident."""
    closed = set()
    for handler in HANDLERS:
        for path in handler.paths:
            for method in handler.http_methods:
                route = f"{API}{path}".replace(":uuid", "").replace(":str", "")
                if not handler.opt.get("open") and not scope(str(method), route):
                    closed.add(path.split("/")[1])
    assert closed <= {"me", "auth", "billing", "admin", "operations"}


def test_a_role_is_needed_beside_its_scope(ada: Any) -> None:
    key = create(ada, "audit:read").json()["key"]
    assert ask(ada, key, "GET", "/audit/totals").status_code == 404
    with_role(ada, Role.AUDITOR)
    assert ask(ada, key, "GET", "/audit/totals").status_code == 200
    other = create(ada, "jobs:read").json()["key"]
    assert ask(ada, other, "GET", "/audit/totals").json()["code"] == "scope_missing"
    with_role(ada, Role.ADMIN)
    assert ask(ada, key, "POST", f"/admin/users/{ada.user_id}/reinstate").json()["code"] == "session_needed"


# Over


@pytest.mark.parametrize("wrong", ["sis_" + "x" * 43, "sis_", "sis_" + "x" * 44])
def test_a_key_that_nobody_has_lets_nobody_in(stranger: Any, wrong: str) -> None:
    answer = stranger.get("/api/v1/jobs", headers={"Authorization": f"Bearer {wrong}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_a_key_in_a_cookie_is_none(ada: Any) -> None:
    key = create(ada, "jobs:read").json()["key"]
    ada.client.cookies.set("session", key)
    assert ada.client.get("/api/v1/me").status_code == 401
    ada.client.cookies.clear()


def test_a_revoked_key_is_over_at_once_and_only_its_users_to_revoke(ada: Any, users: Any) -> None:
    made, bob = create(ada, "jobs:read").json(), users.join("bob@example.com")
    address = f"/api/v1/me/api-keys/{made['key_id']}"
    assert bob.client.delete(address, headers=bob.headers).status_code == 404
    assert ask(ada, made["key"], "GET", "/jobs").status_code == 200
    assert ada.client.delete(address, headers=ada.headers).status_code == 204
    assert ask(ada, made["key"], "GET", "/jobs").status_code == 401
    assert ada.client.delete(address, headers=ada.headers).status_code == 404
    assert bob.get("/me/api-keys").json() == {"items": []}


def test_an_expired_key_is_over_and_still_listed(ada: Any) -> None:
    made = create(ada, "jobs:read", expires_in_days=1).json()
    ada.container.database.execute("UPDATE stage.api_keys SET expires_at = now() - interval '1 second'")
    assert ask(ada, made["key"], "GET", "/jobs").status_code == 401
    assert [one["key_id"] for one in ada.get("/me/api-keys").json()["items"]] == [made["key_id"]]


def test_keys_end_with_the_password(ada: Any) -> None:
    key = create(ada, "jobs:read").json()["key"]
    asked = {"current_password": PASSWORD, "password": "another long password"}
    assert ada.post("/auth/password/change", asked).status_code == 204
    assert ask(ada, key, "GET", "/jobs").status_code == 401


def test_a_suspended_users_key_is_over_even_if_it_was_made_meanwhile(ada: Any) -> None:
    key = create(ada, "jobs:read").json()["key"]
    user = ada.container.store.get(User, ada.user_id)
    user.suspend("spam")
    ada.container.store.save(user)
    ada.followers.catch_up()
    assert ask(ada, key, "GET", "/jobs").status_code == 401


# Made once


def test_a_repeated_request_makes_one_key_and_is_answered_as_the_first_time(ada: Any) -> None:
    header = {"Idempotency-Key": "a key"}
    first, second = create(ada, headers=header), create(ada, headers=header)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(ada.get("/me/api-keys").json()["items"]) == 1
    other = create(ada, "jobs:read", headers=header)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_once_its_answer_is_gone_it_is_not_shown_again(ada: Any) -> None:
    header = {"Idempotency-Key": "a key"}
    key = create(ada, headers=header).json()["key"]
    ada.container.database.execute("UPDATE stage.answers SET expires_at = now() - interval '1 second'")
    late = create(ada, headers=header)
    assert (late.status_code, late.json()["code"]) == (409, "key_shown_before")
    assert ask(ada, key, "GET", "/jobs").status_code == 200


def test_no_dump_holds_a_key(ada: Any, database: Any) -> None:
    key = create(ada, headers={"Idempotency-Key": "a key"}).json()["key"]
    dumped = dump(database.superuser_url)
    assert hashlib.sha256(key.encode()).hexdigest() in dumped
    assert key not in dumped
    assert key.encode().hex() not in dumped


def test_a_user_has_so_many_keys_and_no_more(ada: Any) -> None:
    made = [create(ada, "jobs:read").status_code for _ in range(21)]
    assert made == [201] * 20 + [409]
    refused = create(ada)
    assert (refused.json()["code"], refused.json()["limit"]) == ("too_many_api_keys", 20)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 101},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"expires_in_days": 0},
        {"expires_in_days": 366},
        {"user_id": "somebody"},
    ],
)
def test_what_cannot_be_a_key_is_refused(resident: Any, wrong: dict[str, Any]) -> None:
    answer = resident.post("/me/api-keys", {"name": "nightly", "scopes": ["jobs:read"], **wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["field"].partition("[")[0] == next(iter(wrong))


def test_a_key_without_an_end_is_asked_for(ada: Any) -> None:
    assert create(ada, expires_in_days=None).json()["expires_at"] is None
