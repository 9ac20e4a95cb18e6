"""Administrators give roles and take them away; nobody else sees that they could."""

from typing import Any
from uuid import uuid4

import pytest

from domain.user import Role
from tests.interfaces.rest.routes.test_adjustments import with_role


def change(user: Any, of: Any, *, role: str = "auditor", granted: bool = True) -> Any:
    return user.post(f"/admin/users/{of}/roles", {"role": role, "granted": granted})


def test_an_administrator_gives_a_role_and_takes_it_away(users: Any) -> None:
    admin, bob = with_role(users.join("root@example.com"), Role.ADMIN), users.join("bob@example.com")

    given = change(admin, bob.user_id)
    taken = change(admin, bob.user_id, granted=False)

    assert (given.status_code, given.json()) == (
        200,
        {"user_id": str(bob.user_id), "roles": ["auditor", "user"]},
    )
    assert taken.json()["roles"] == ["user"]
    assert change(admin, uuid4()).json()["code"] == "not_found"


def test_the_role_that_everybody_has_is_not_given(users: Any) -> None:
    admin = with_role(users.join("root@example.com"), Role.ADMIN)
    answer = change(admin, admin.user_id, role="user", granted=False)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR])
def test_nobody_else_gives_roles(users: Any, role: Role) -> None:
    ada = with_role(users.join(), role)
    assert change(ada, ada.user_id, role="admin").status_code == 404
