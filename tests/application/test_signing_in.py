"""Signing in and out, and what a stranger learns by trying."""

from unicodedata import normalize

import pytest

from application.accounts import SESSION_LIFETIME
from application.errors import AccountSuspended, SignInRefused
from domain.personal import Personal
from domain.user import User
from tests.application.people import ANN, PASSWORD, register
from tests.fakes.bootstrap import Program


@pytest.fixture
def program() -> Program:
    program = Program()
    register(program)
    return program


def sign_in(program: Program, email: str = "ann@example.com", password: str = PASSWORD) -> str:
    return program.accounts.sign_in(email=Personal(email), password=password, device="Ann's phone")


def suspend(program: Program) -> None:
    user = program.store.get(User, ANN)
    user.suspend("abuse")
    program.store.save(user)


def test_address_and_password_open_a_session(program: Program) -> None:
    token = sign_in(program)
    assert program.sessions.user(token) == ANN
    (session,) = program.world.sessions.values()
    assert session.device == "Ann's phone"


def test_any_spelling_of_the_mailbox_will_do(program: Program) -> None:
    assert program.sessions.user(sign_in(program, " ANN+x@example.com ")) == ANN


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    program = Program()
    register(program, password="fünf Äpfel im Korb")
    assert sign_in(program, password=normalize("NFD", "fünf Äpfel im Korb"))


def test_each_device_has_a_session_of_its_own(program: Program) -> None:
    phone, laptop = sign_in(program), sign_in(program)
    program.accounts.sign_out(phone)
    assert (program.sessions.user(phone), program.sessions.user(laptop)) == (None, ANN)


def test_a_session_ends_by_itself(program: Program) -> None:
    token = sign_in(program)
    program.clock.pass_by(SESSION_LIFETIME)
    assert program.sessions.user(token) is None


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann@example.com", "another password"),
        ("ann@example.com", ""),
        ("bob@example.com", PASSWORD),
        ("not an address", PASSWORD),
    ],
)
def test_whatever_was_wrong_the_answer_is_the_same(program: Program, email: str, password: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        sign_in(program, email, password)
    assert refused.value.args == ()
    assert program.world.sessions == {}


def test_a_suspended_user_is_told_so_only_with_the_right_password(program: Program) -> None:
    suspend(program)
    with pytest.raises(AccountSuspended):
        sign_in(program)
    with pytest.raises(SignInRefused):
        sign_in(program, password="another password")
    assert program.world.sessions == {}


def test_signing_out_twice_or_with_a_made_up_token_changes_nothing(program: Program) -> None:
    token = sign_in(program)
    program.accounts.sign_out(token)
    program.accounts.sign_out(token)
    program.accounts.sign_out("made up")
    assert program.world.sessions == {}
