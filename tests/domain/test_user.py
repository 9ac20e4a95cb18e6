"""What may happen to a person's account."""

from uuid import UUID

import pytest

from domain.personal import Personal
from domain.user import NAME_LENGTH, NameTooLong, Role, User
from tests.domain.history import Fact, fact, given, news

ANN = UUID(int=1)
CLAIM = UUID(int=2)
REGISTERED = fact(
    User.Registered,
    email=Personal("ann@example.com"),
    name=Personal("Ann"),
    claim_id=CLAIM,
    time_zone="UTC",
)


def ann(*since: Fact) -> User:
    return given(User, ANN, REGISTERED, *since)


def test_registering_records_who_it_is_and_which_claim_is_theirs() -> None:
    user = User.register(ANN, email=Personal("ann@example.com"), name=Personal("Ann"), claim_id=CLAIM)
    assert news(user) == [REGISTERED]
    assert (user.id, user.owner, user.roles) == (ANN, ANN, {"user"})
    assert user.active
    assert not user.email_verified


def test_blanks_around_a_name_and_an_address_are_dropped() -> None:
    user = User.register(ANN, email=Personal(" ann@example.com\n"), name=Personal("  Ann "), claim_id=CLAIM)
    assert news(user) == [REGISTERED]


def test_a_name_may_have_a_hundred_characters() -> None:
    name = Personal("x" * NAME_LENGTH)
    assert User.register(ANN, email=Personal("a@b.co"), name=name, claim_id=CLAIM).name == name


def test_a_longer_name_is_refused_without_being_told() -> None:
    with pytest.raises(NameTooLong) as refused:
        User.register(ANN, email=Personal("a@b.co"), name=Personal("x" * 101), claim_id=CLAIM)
    assert (refused.value.length, refused.value.limit) == (101, 100)


def test_an_address_is_verified_once() -> None:
    user = ann()
    user.verify_email()
    user.verify_email()
    assert news(user) == [fact(User.EmailVerified)]
    assert user.email_verified


def test_a_profile_is_changed() -> None:
    user = ann()
    user.change_profile(name=Personal(" Ann Lee "), time_zone="Europe/Paris")
    assert news(user) == [fact(User.ProfileChanged, name=Personal("Ann Lee"), time_zone="Europe/Paris")]
    assert (user.name, user.time_zone) == (Personal("Ann Lee"), "Europe/Paris")


@pytest.mark.parametrize("name", ["Ann", " Ann "])
def test_a_profile_that_stays_the_same_is_no_change(name: str) -> None:
    user = ann()
    user.change_profile(name=Personal(name), time_zone="UTC")
    assert news(user) == []


def test_a_profile_cannot_get_a_longer_name_either() -> None:
    user = ann()
    with pytest.raises(NameTooLong):
        user.change_profile(name=Personal("x" * 101), time_zone="UTC")
    assert news(user) == []


def test_of_a_password_only_the_change_is_recorded() -> None:
    user = ann()
    user.change_password()
    assert news(user) == [fact(User.PasswordChanged)]


def test_a_role_is_granted_once_and_revoked_once() -> None:
    user = ann()
    user.grant_role(Role.AUDITOR)
    user.grant_role(Role.AUDITOR)
    assert user.roles == {"user", "auditor"}
    user.revoke_role(Role.AUDITOR)
    user.revoke_role(Role.AUDITOR)
    assert user.roles == {"user"}
    assert news(user) == [
        fact(User.RoleGranted, role="auditor"),
        fact(User.RoleRevoked, role="auditor"),
    ]


def test_a_suspended_user_may_not_act_until_reinstated() -> None:
    user = ann()
    user.suspend("chargebacks")
    assert (user.active, user.suspended_because) == (False, "chargebacks")
    user.reinstate()
    assert (user.active, user.suspended_because) == (True, None)
    assert news(user) == [fact(User.Suspended, reason="chargebacks"), fact(User.Reinstated)]


def test_suspending_again_changes_nothing_not_even_the_reason() -> None:
    user = ann(fact(User.Suspended, reason="chargebacks"))
    user.suspend("abuse")
    assert (news(user), user.suspended_because) == ([], "chargebacks")


def test_nobody_is_reinstated_who_was_not_suspended() -> None:
    user = ann()
    user.reinstate()
    assert news(user) == []


def test_a_person_is_erased_once_and_may_not_act_any_more() -> None:
    user = ann()
    user.erase()
    user.erase()
    assert news(user) == [fact(User.Erased)]
    assert not user.active


@pytest.mark.parametrize("suspended", [True, False])
def test_nothing_happens_any_more_to_whoever_is_erased(suspended: bool) -> None:
    before = [fact(User.Suspended, reason="abuse")] if suspended else []
    user = ann(fact(User.RoleGranted, role="auditor"), *before, fact(User.Erased))
    user.reinstate()
    user.suspend("abuse, again")
    user.grant_role(Role.ADMIN)
    user.revoke_role(Role.AUDITOR)
    assert (news(user), user.active, user.suspended) == ([], False, suspended)
