"""Another password, another name, other roles: who may have them, and who is signed out by it."""

from uuid import UUID, uuid4

import pytest

from application.accounts import RESET_LIFETIME, SESSION_LIFETIME
from application.errors import (
    NotFound,
    PasswordTooWeak,
    PasswordWrong,
    SessionOver,
    SignInRefused,
    TokenInvalid,
    UnknownTimeZone,
    VersionMismatch,
)
from application.performers import performers
from domain.email_claim import AddressMalformed
from domain.personal import Personal
from domain.user import NameTooLong, Role, User
from tests.application.people import ANN, BOB, PASSWORD, names, register
from tests.fakes.bootstrap import Program

ANOTHER = "another long password"
ADDRESS = "ann@example.com"


@pytest.fixture
def program() -> Program:
    program = Program()
    register(program)
    return program


def sign_in(program: Program, password: str) -> str:
    return program.accounts.sign_in(email=Personal(ADDRESS), password=password, device="phone")


def forget(program: Program, email: str = ADDRESS) -> None:
    program.accounts.ask_for_reset(Personal(email), uuid4())
    (message_id, (_, asked)) = list(program.world.requests.items())[-1]
    performers(program)[asked.kind].call(message_id, asked.references)


def mailed(program: Program) -> str:
    forget(program)
    return program.mailer.to(ADDRESS)[-1].text.partition("token=")[2].split()[0]


def test_another_password_takes_the_place_of_the_current_one_and_signs_everybody_out(
    program: Program,
) -> None:
    phone = sign_in(program, PASSWORD)
    program.accounts.change_password(ANN, current=PASSWORD, password=ANOTHER)

    assert program.sessions.user(phone) is None
    assert program.sessions.user(sign_in(program, ANOTHER)) == ANN
    with pytest.raises(SignInRefused):
        sign_in(program, PASSWORD)
    assert names(program, ANN)[-1] == "User.PasswordChanged"


def test_whoever_does_not_know_the_current_password_changes_nothing(program: Program) -> None:
    phone = sign_in(program, PASSWORD)
    with pytest.raises(PasswordWrong):
        program.accounts.change_password(ANN, current="a good guess at it", password=ANOTHER)
    assert program.sessions.user(phone) == ANN
    assert sign_in(program, PASSWORD)


def test_a_forgotten_password_is_replaced_with_a_mailed_token(program: Program) -> None:
    phone = sign_in(program, PASSWORD)
    program.accounts.reset_password(mailed(program), ANOTHER)

    assert program.sessions.user(phone) is None
    assert sign_in(program, ANOTHER)


def test_a_token_sets_one_password_and_then_no_earlier_one_does(program: Program) -> None:
    earlier, token = mailed(program), mailed(program)
    program.accounts.reset_password(token, ANOTHER)
    for used in (earlier, token):
        with pytest.raises(TokenInvalid):
            program.accounts.reset_password(used, "a third long password")
    assert sign_in(program, ANOTHER)


def test_changing_the_password_withdraws_what_was_mailed(program: Program) -> None:
    token = mailed(program)
    program.accounts.change_password(ANN, current=PASSWORD, password=ANOTHER)
    with pytest.raises(TokenInvalid):
        program.accounts.reset_password(token, "a third long password")


def test_a_weak_password_does_not_use_the_token_up(program: Program) -> None:
    token = mailed(program)
    with pytest.raises(PasswordTooWeak):
        program.accounts.reset_password(token, "short")
    with pytest.raises(PasswordTooWeak):
        program.accounts.change_password(ANN, current=PASSWORD, password="short")
    program.accounts.reset_password(token, ANOTHER)


def test_a_token_is_good_for_an_hour(program: Program) -> None:
    token = mailed(program)
    program.clock.pass_by(RESET_LIFETIME)
    with pytest.raises(TokenInvalid):
        program.accounts.reset_password(token, ANOTHER)


def test_what_proves_an_address_sets_no_password(program: Program) -> None:
    program.accounts.send_verification(ANN, uuid4())
    token = program.mailer.to(ADDRESS)[-1].text.partition("token=")[2].split()[0]
    with pytest.raises(TokenInvalid):
        program.accounts.reset_password(token, ANOTHER)


def test_nobody_gets_a_mail_who_has_no_account(program: Program) -> None:
    forget(program, "bob@example.com")
    assert program.world.tokens == {}


def test_what_is_asked_for_shows_no_address(program: Program) -> None:
    program.accounts.ask_for_reset(Personal(ADDRESS), uuid4())
    assert ADDRESS not in repr(program.world.requests)


def test_only_an_address_can_be_forgotten(program: Program) -> None:
    with pytest.raises(AddressMalformed):
        program.accounts.ask_for_reset(Personal("no address"), uuid4())


def test_a_mail_that_its_mailbox_refuses_is_not_sent_again(program: Program) -> None:
    program.mailer.refusing = 550
    verification = performers(program)["send_verification"]
    assert verification.call(uuid4(), {"user_id": str(ANN)}) == {"refused": 550}


def test_a_suspended_user_sets_no_password(program: Program) -> None:
    token = mailed(program)
    user = program.store.get(User, ANN)
    user.suspend("abuse")
    program.store.save(user)
    with pytest.raises(TokenInvalid):
        program.accounts.reset_password(token, ANOTHER)
    forget(program)
    assert len(program.world.tokens) == 1  # which was there before


def test_what_is_not_given_of_a_profile_stays(program: Program) -> None:
    program.accounts.change_profile(ANN, name=Personal(" Ann King "))
    changed = program.accounts.change_profile(ANN, time_zone="Europe/London")
    assert (changed.name.text, changed.time_zone) == ("Ann King", "Europe/London")
    program.accounts.change_profile(ANN)
    assert names(program, ANN).count("User.ProfileChanged") == 2


def test_a_profile_that_cannot_be_is_refused(program: Program) -> None:
    with pytest.raises(UnknownTimeZone):
        program.accounts.change_profile(ANN, time_zone="Moon/Crater")
    with pytest.raises(NameTooLong):
        program.accounts.change_profile(ANN, name=Personal("A" * 101))
    with pytest.raises(VersionMismatch):
        program.accounts.change_profile(ANN, name=Personal("Ann King"), expected_version=7)


def test_a_role_is_given_and_taken_away_again(program: Program) -> None:
    assert "auditor" in program.accounts.appoint(ANN, Role.AUDITOR).roles
    assert program.accounts.appoint(ANN, Role.AUDITOR, dismissed=True).roles == {"user"}
    assert names(program, ANN)[-2:] == ["User.RoleGranted", "User.RoleRevoked"]
    with pytest.raises(NotFound):
        program.accounts.appoint(BOB, Role.ADMIN)


def test_a_user_is_found_by_any_spelling_of_their_mailbox(program: Program) -> None:
    assert program.accounts.user_at(Personal("Ann+x@Example.com")) == ANN
    with pytest.raises(NotFound):
        program.accounts.user_at(Personal("bob@example.com"))
    with pytest.raises(AddressMalformed):
        program.accounts.user_at(Personal("bob"))


def test_a_session_that_is_refreshed_lasts_anew_and_one_that_is_over_does_not(program: Program) -> None:
    token = sign_in(program, PASSWORD)
    program.clock.pass_by(SESSION_LIFETIME / 2)
    program.accounts.refresh(token)
    program.clock.pass_by(SESSION_LIFETIME * 2 / 3)
    assert program.sessions.user(token) == ANN
    program.accounts.sign_out(token)
    with pytest.raises(SessionOver):
        program.accounts.refresh(token)


def test_a_user_signs_one_of_their_own_devices_out(program: Program) -> None:
    phone, laptop = sign_in(program, PASSWORD), sign_in(program, PASSWORD)
    first, _ = (session.session_id for session in program.world.sessions.values())
    for user_id, session_id in ((BOB, first), (ANN, UUID(int=99))):
        with pytest.raises(NotFound):
            program.accounts.end_session(user_id, session_id)
    program.accounts.end_session(ANN, first)
    assert (program.sessions.user(phone), program.sessions.user(laptop)) == (None, ANN)
