"""Administrators go through all users, by reference; nobody else sees that they could."""

from typing import Any

import pytest

from domain.user import Role
from tests.interfaces.rest.conftest import PASSWORD
from tests.interfaces.rest.routes.test_adjustments import with_role


@pytest.fixture
def admin(users: Any) -> Any:
    return with_role(users.join("root@example.com", verified=False), Role.ADMIN)


def listed(admin: Any, **parameters: Any) -> list[str]:
    """The ids, all pages after each other."""
    found, cursor = [], None
    while True:
        answer = admin.get("/admin/users", params={**parameters, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found += [one["user_id"] for one in answer.json()["items"]]
        if (cursor := answer.json()["next_cursor"]) is None:
            return found


def ids(*users: Any) -> list[str]:
    return [str(user.user_id) for user in users]


def test_users_are_listed_newest_first_with_their_credits_and_jobs(admin: Any, users: Any) -> None:
    ada, bob = users.join(), users.join("bob@example.com", verified=False)
    ada.stage(ada.submit())
    ada.submit()
    ada.followers.catch_up()

    page = admin.get("/admin/users").json()

    assert page["next_cursor"] is None
    assert [one["user_id"] for one in page["items"]] == ids(bob, ada, admin)
    shown = page["items"][1]
    assert {name: shown[name] for name in ("status", "roles", "email_verified", "credits", "jobs")} == {
        "status": "active",
        "roles": ["user"],
        "email_verified": True,
        "credits": {"available": 1, "held": 1, "debt": 0},
        "jobs": {"all": 2, "unfinished": 1},
    }
    assert page["items"][0]["credits"] == {"available": 0, "held": 0, "debt": 0}
    assert page["items"][0]["jobs"] == {"all": 0, "unfinished": 0}


def test_nobodys_name_or_address_is_told(admin: Any, users: Any) -> None:
    users.join("ada@example.com", "Ada Lovelace")
    answer = admin.get("/admin/users")
    assert not [text for text in ("ada@", "example.com", "Lovelace", "sealed:") if text in answer.text]


def test_a_list_goes_on_by_its_cursor(admin: Any, users: Any) -> None:
    others = [users.join(f"user-{number}@example.com", verified=False) for number in range(4)]
    wanted = ids(*reversed(others), admin)
    assert listed(admin, limit=2) == wanted
    assert listed(admin, limit=5) == wanted
    answer = admin.get("/admin/users", params={"cursor": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize("typed", ["ada@example.com", " Ada+news@Example.com"])
def test_an_address_finds_whoever_has_its_mailbox(admin: Any, users: Any, typed: str) -> None:
    ada = users.join()
    assert listed(admin, email=typed) == ids(ada)


def test_an_address_that_nobody_has_finds_nobody(admin: Any, users: Any) -> None:
    ada = users.join()
    assert listed(admin, email="bob@example.com") == []
    assert ada._request("DELETE", "/me", json={"password": PASSWORD}).status_code == 200
    assert listed(admin, email=ada.email) == []
    answer = admin.get("/admin/users", params={"email": "no address"})
    assert (answer.status_code, answer.json()["code"]) == (422, "address_malformed")


def test_users_are_found_by_status_and_role_and_both(admin: Any, users: Any) -> None:
    ada, bob, eve = (users.join(f"{name}@example.com", verified=False) for name in ("ada", "bob", "eve"))
    with_role(bob, Role.AUDITOR)
    with_role(eve, Role.AUDITOR)
    admin.post(f"/admin/users/{bob.user_id}/suspend", {"reason": "Photos of no homes"})
    eve._request("DELETE", "/me", json={"password": PASSWORD})
    ada.followers.catch_up()

    assert listed(admin, status="active") == ids(ada, admin)
    assert listed(admin, status="suspended") == ids(bob)
    assert listed(admin, status="erased") == ids(eve)
    assert listed(admin, role="auditor") == ids(eve, bob)
    assert listed(admin, role="auditor", status="suspended", email="bob@example.com") == ids(bob)
    assert listed(admin, role="admin", limit=1) == ids(admin)
    assert listed(admin, role="operator") == []
    erased = admin.get("/admin/users", params={"status": "erased"}).json()["items"][0]
    assert (erased["status"], erased["credits"]["available"]) == ("erased", 0)


@pytest.mark.parametrize(
    "wrong", [{"status": "gone"}, {"role": "user"}, {"limit": 0}, {"limit": 101}, {"email": "x" * 300}]
)
def test_what_cannot_be_asked_for_is_refused(admin: Any, wrong: dict[str, Any]) -> None:
    answer = admin.get("/admin/users", params=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["field"] == next(iter(wrong))


def test_it_waits_for_what_was_just_done(admin: Any, users: Any) -> None:
    ada = users.join()
    done = ada.patch("/me", {"name": "Ada King"})
    position = {"Wait-For-Position": done.headers["Event-Position"]}
    assert admin.get("/admin/users", headers=position).status_code == 503
    ada.followers.catch_up()
    assert admin.get("/admin/users", headers=position).status_code == 200


@pytest.mark.parametrize("role", [None, Role.AUDITOR, Role.OPERATOR])
def test_to_everybody_else_there_is_no_such_list(users: Any, role: Role | None) -> None:
    ada = users.join()
    if role:
        with_role(ada, role)
    answer = ada.get("/admin/users")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ada.client.get("/api/v1/admin/users").status_code == 401
