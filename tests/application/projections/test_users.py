"""Users: given events, then rows."""

from uuid import UUID

from application.projections.users import UserRow, Users, UserStatus
from domain.personal import Personal
from domain.user import Role, User
from tests.application.projections.histories import at, rows

ADA = UUID(int=1)


def registered() -> User:
    return User.register(
        ADA, email=Personal("ada@example.com"), name=Personal("Ada"), claim_id=UUID(int=2), time_zone="UTC"
    )


def test_whoever_registers_is_an_active_user_with_an_unproved_address() -> None:
    assert rows(Users(), registered()) == [
        UserRow(
            user_id=ADA,
            email=Personal("ada@example.com"),
            name=Personal("Ada"),
            email_verified=False,
            status=UserStatus.ACTIVE,
            roles=("user",),
            time_zone="UTC",
            registered_at=at(1),
            version=1,
            position=1,
        )
    ]


def test_profile_and_verified_address_are_shown_as_they_are_now() -> None:
    ada = registered()
    ada.verify_email()
    ada.change_profile(name=Personal("Ada King"), time_zone="Europe/London")
    (row,) = rows(Users(), ada)
    assert (row.email_verified, row.name, row.time_zone) == (True, Personal("Ada King"), "Europe/London")


def test_a_new_password_shows_only_in_the_version() -> None:
    ada = registered()
    (before,) = rows(Users(), registered())
    ada.change_password()
    assert rows(Users(), ada) == [before._replace(version=2)]


def test_roles_are_kept_in_order_without_repetition() -> None:
    ada = registered()
    ada.grant_role(Role.OPERATOR)
    ada.grant_role(Role.ADMIN)
    ada.revoke_role(Role.USER)
    (row,) = rows(Users(), ada)
    assert row.roles == ("admin", "operator")


def test_a_suspended_user_is_active_again_once_reinstated() -> None:
    ada = registered()
    ada.suspend("unpaid")
    (suspended,) = rows(Users(), ada)
    ada = registered()
    ada.suspend("unpaid")
    ada.reinstate()
    (reinstated,) = rows(Users(), ada)
    assert (suspended.status, reinstated.status) == (UserStatus.SUSPENDED, UserStatus.ACTIVE)


def test_an_erased_user_stays_erased_whatever_comes_after() -> None:
    ada = registered()
    ada.erase()
    ada.suspend("too late")
    ada.reinstate()
    (row,) = rows(Users(), ada)
    assert row.status is UserStatus.ERASED
