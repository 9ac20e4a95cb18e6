"""Opening an account: one for a mailbox, whole or not at all."""

from uuid import UUID

import pytest

from application.errors import PasswordTooWeak, TokenInvalid, UnknownTimeZone
from domain.credit_ledger import CreditLedger
from domain.email_claim import AddressMalformed, AddressTaken, EmailClaim, claim_id
from domain.personal import Personal
from domain.user import NameTooLong, User
from tests.application.people import ANN, BOB, PASSWORD, available, mailed_token, names, register
from tests.fakes.bootstrap import CLAIM_KEY, Program


@pytest.fixture
def program() -> Program:
    return Program()


def claim_on(program: Program, address: str) -> EmailClaim:
    return program.store.get(EmailClaim, claim_id(Personal(address), CLAIM_KEY))


def leave(program: Program, user: UUID, address: str) -> None:
    """The person is forgotten, and the mailbox free again."""
    account = program.store.get(User, user)
    account.erase()
    claim = claim_on(program, address)
    claim.release()
    program.store.save(account, claim)


def test_registering_opens_an_account_with_a_claim_on_the_mailbox_and_an_empty_ledger(
    program: Program,
) -> None:
    register(program, ANN, "Ann.Lee+stage@gmail.com")
    assert sorted(names(program)) == ["CreditLedger.Opened", "EmailClaim.Claimed", "User.Registered"]
    user = program.store.get(User, ANN)
    assert (user.email, user.name, user.time_zone) == (
        Personal("Ann.Lee+stage@gmail.com"),
        Personal("Ann"),
        "UTC",
    )
    assert claim_on(program, "annlee@googlemail.com").user_id == ANN
    assert available(program) == 0


def test_everything_recorded_belongs_to_the_new_user(program: Program) -> None:
    register(program)
    assert {recorded.owner for recorded in program.world.log} == {ANN}


def test_the_password_is_nowhere_in_the_log(program: Program) -> None:
    register(program)
    assert PASSWORD not in repr(program.world.log)
    credential = program.credentials.find(claim_id(Personal("ann@example.com"), CLAIM_KEY))
    assert credential is not None
    assert credential.user_id == ANN
    assert PASSWORD not in credential.password_hash


def test_the_same_registration_again_changes_nothing(program: Program) -> None:
    register(program)
    register(program)
    assert len(program.world.log) == 3


@pytest.mark.parametrize("same_mailbox", ["ann@example.com", "ANN@example.com", "ann+two@example.com"])
def test_a_mailbox_has_one_account(program: Program, same_mailbox: str) -> None:
    register(program)
    with pytest.raises(AddressTaken):
        register(program, BOB, same_mailbox)
    assert program.store.find(User, BOB) is None
    assert len(program.world.log) == 3


def test_a_mailbox_that_was_given_up_can_be_used_again_by_its_new_owner_alone(program: Program) -> None:
    register(program)
    leave(program, ANN, "ann@example.com")
    register(program, BOB, "ann@example.com")
    assert claim_on(program, "ann@example.com").user_id == BOB
    assert program.accounts.sign_in(email=Personal("ann@example.com"), password=PASSWORD, device="phone")


def test_a_mailbox_gets_no_second_trial_under_another_account(program: Program) -> None:
    register(program)
    program.accounts.confirm_verification(mailed_token(program))
    leave(program, ANN, "ann@example.com")
    register(program, BOB, "ann+again@example.com")
    program.accounts.confirm_verification(mailed_token(program, BOB, "ann+again@example.com"))
    assert program.store.get(User, BOB).email_verified
    assert (available(program, ANN), available(program, BOB)) == (3, 0)


def test_an_old_link_does_not_use_the_trial_of_the_mailboxs_new_owner(program: Program) -> None:
    register(program)
    old_token = mailed_token(program)
    leave(program, ANN, "ann@example.com")
    register(program, BOB, "ann@example.com")
    with pytest.raises(TokenInvalid):
        program.accounts.confirm_verification(old_token)
    assert not claim_on(program, "ann@example.com").trial_used


@pytest.mark.parametrize("password", ["", "123456789", "x" * 201])
def test_a_password_has_ten_to_two_hundred_characters(program: Program, password: str) -> None:
    with pytest.raises(PasswordTooWeak) as refused:
        program.accounts.register(ANN, email=Personal("a@b.co"), password=password, name=Personal("Ann"))
    assert (refused.value.shortest, refused.value.longest) == (10, 200)
    assert program.world.log == []


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "Europe/\x00", "x" * 999])
def test_a_time_zone_is_one_of_the_iana_database(program: Program, zone: str) -> None:
    with pytest.raises(UnknownTimeZone):
        program.accounts.register(
            ANN, email=Personal("a@b.co"), password=PASSWORD, name=Personal("Ann"), time_zone=zone
        )
    assert program.world.log == []


def test_the_time_zone_is_kept(program: Program) -> None:
    program.accounts.register(
        ANN, email=Personal("a@b.co"), password=PASSWORD, name=Personal("Ann"), time_zone="Asia/Tokyo"
    )
    assert program.store.get(User, ANN).time_zone == "Asia/Tokyo"


def test_what_is_no_address_and_a_name_too_long_are_refused(program: Program) -> None:
    with pytest.raises(AddressMalformed):
        register(program, ANN, "ann at example")
    with pytest.raises(NameTooLong):
        program.accounts.register(ANN, email=Personal("a@b.co"), password=PASSWORD, name=Personal("x" * 101))
    assert (program.world.log, program.world.credentials) == ([], {})


def test_a_user_has_the_ledger_derived_from_their_id(program: Program) -> None:
    register(program)
    assert program.store.get(CreditLedger, CreditLedger.id_for(ANN)).user_id == ANN
