"""Administrators give credits and take them away, with a reason; nobody else can."""

from typing import Any

import pytest

from domain.user import Role, User


@pytest.fixture
def admin(users: Any) -> Any:
    return with_role(users.join("root@example.com"), Role.ADMIN)


def with_role(user: Any, role: Role) -> Any:
    account = user.container.store.get(User, user.user_id)
    account.grant_role(role)
    user.container.store.save(account)
    user.followers.catch_up()
    return user


def test_signs_that_no_database_keeps_are_no_part_of_a_reason(admin: Any, users: Any) -> None:
    ada = users.join()
    assert adjust(admin, ada, 5, reason="\0").json()["code"] == "reason_needed"
    assert adjust(admin, ada, 5, reason="two\0 blank photos", key="2").status_code == 201
    ada.followers.catch_up()
    assert ada.get("/billing/credits").json()["available"] == 8


def adjust(
    admin: Any, user: Any, credits: int, *, reason: str = "Two photos came out blank", key: str = "1"
) -> Any:
    return admin.post(
        f"/admin/users/{user.user_id}/credits",
        json={"credits": credits, "reason": reason},
        headers={"Idempotency-Key": key},
    )


def test_given_credits_are_an_adjustment_with_its_reason(admin: Any, ada: Any) -> None:
    answer = adjust(admin, ada, 5)
    ada.followers.catch_up()
    (lot,) = (lot for lot in ada.get("/billing/credits").json()["lots"] if lot["source"] == "adjustment")
    assert (answer.status_code, answer.json()["available"], lot["credits"]) == (201, 8, 5)


def test_credits_taken_away_are_told_with_the_reason(admin: Any, ada: Any) -> None:
    answer = adjust(admin, ada, -2, reason="granted twice")
    ada.followers.catch_up()
    movement = ada.get("/billing/statement").json()["items"][0]
    assert (answer.status_code, answer.json()["available"]) == (201, 1)
    assert (movement["description"], movement["change"]) == ("2 credits taken away: granted twice", -2)


def test_a_repeated_adjustment_happens_once(admin: Any, ada: Any) -> None:
    first, second, other = adjust(admin, ada, 5), adjust(admin, ada, 5), adjust(admin, ada, 6)
    assert first.json() == second.json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_nobody_can_be_left_with_less_than_nothing(admin: Any, ada: Any) -> None:
    answer = adjust(admin, ada, -4)
    assert (answer.status_code, answer.json()["available"]) == (402, 3)


@pytest.mark.parametrize(
    ("credits", "reason", "code"), [(0, "why", "not_a_credit_amount"), (1, " ", "reason_needed")]
)
def test_it_takes_an_amount_and_a_reason(admin: Any, ada: Any, credits: int, reason: str, code: str) -> None:
    answer = adjust(admin, ada, credits, reason=reason)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_for_anybody_else_there_is_nothing_there(ada: Any) -> None:
    assert adjust(ada, ada, 100).status_code == 404
    assert adjust(with_role(ada, Role.AUDITOR), ada, 100, key="2").status_code == 404
