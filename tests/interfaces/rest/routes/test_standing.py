"""Administrators suspend users and reinstate them."""

from typing import Any

from domain.user import Role
from tests.interfaces.rest.conftest import PASSWORD
from tests.interfaces.rest.routes.test_adjustments import with_role


def test_a_suspended_user_has_no_session_no_running_job_and_all_their_credits(users: Any) -> None:
    admin, ada = with_role(users.join("root@example.com"), Role.ADMIN), users.join()
    job_id = ada.submit()

    answer = admin.post(f"/admin/users/{ada.user_id}/suspend", {"reason": "Photos of no homes"})

    assert (answer.status_code, answer.json()) == (200, {"user_id": str(ada.user_id), "suspended": True})
    assert ada.get("/me").status_code == 401
    asked = {"email": ada.email, "password": PASSWORD, "transport": "bearer"}
    refused = ada.client.post("/api/v1/auth/sign-in", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "account_suspended")

    assert admin.post(f"/admin/users/{ada.user_id}/reinstate").json()["suspended"] is False
    ada.headers["Authorization"] = (
        f"Bearer {ada.client.post('/api/v1/auth/sign-in', json=asked).json()['token']}"
    )
    ada.followers.catch_up()
    assert ada.get(f"/jobs/{job_id}").json()["status"] == "cancelled"
    assert ada.get("/billing/credits").json()["available"] == 3


def test_a_reason_is_needed(users: Any) -> None:
    admin = with_role(users.join("root@example.com"), Role.ADMIN)
    answer = admin.post(f"/admin/users/{admin.user_id}/suspend", {"reason": " "})
    assert (answer.status_code, answer.json()["code"]) == (422, "reason_needed")


def test_nobody_else_suspends(users: Any) -> None:
    ada, bob = users.join(), users.join("bob@example.com")
    assert ada.post(f"/admin/users/{bob.user_id}/suspend", {"reason": "spite"}).status_code == 404
    assert ada.post(f"/admin/users/{bob.user_id}/reinstate").status_code == 404
