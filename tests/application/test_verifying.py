"""Proving an address with a mailed link, which brings the trial, once."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.accounts import VERIFICATION_LIFETIME
from application.errors import NotFound, TokenInvalid
from domain.user import User
from tests.application.people import ANN, available, mailed_token, names, register
from tests.fakes.bootstrap import APP_URL, Program


@pytest.fixture
def program() -> Program:
    program = Program()
    register(program)
    return program


def test_the_link_is_mailed_to_the_address_as_it_was_typed() -> None:
    program = Program()
    register(program, ANN, "Ann.Lee+stage@Gmail.com")
    program.accounts.send_verification(ANN, message_id=UUID(int=7))
    (mail,) = program.mailer.to("Ann.Lee+stage@Gmail.com")
    assert mail.message_id == UUID(int=7)
    assert f"{APP_URL}/verify?token=" in mail.text


def test_proving_the_address_brings_the_trial(program: Program) -> None:
    assert program.accounts.confirm_verification(mailed_token(program)) == ANN
    assert program.store.get(User, ANN).email_verified
    assert available(program) == 3
    assert sorted(names(program)[3:]) == [
        "CreditLedger.Granted",
        "EmailClaim.TrialUsed",
        "User.EmailVerified",
    ]


def test_a_link_works_once(program: Program) -> None:
    token = mailed_token(program)
    program.accounts.confirm_verification(token)
    with pytest.raises(TokenInvalid):
        program.accounts.confirm_verification(token)
    assert available(program) == 3


def test_a_second_link_brings_no_second_trial(program: Program) -> None:
    first, second = mailed_token(program), mailed_token(program)
    assert first != second
    program.accounts.confirm_verification(first)
    program.accounts.confirm_verification(second)
    assert available(program) == 3
    assert len(names(program)) == 6


def test_a_link_is_good_for_a_day(program: Program) -> None:
    token = mailed_token(program)
    program.clock.pass_by(VERIFICATION_LIFETIME)
    with pytest.raises(TokenInvalid):
        program.accounts.confirm_verification(token)
    assert available(program) == 0


@pytest.mark.parametrize("token", ["", "made up"])
def test_a_made_up_token_proves_nothing(program: Program, token: str) -> None:
    with pytest.raises(TokenInvalid):
        program.accounts.confirm_verification(token)


def test_a_token_for_something_else_proves_nothing(program: Program) -> None:
    token = program.tokens.issue("reset-password", ANN, timedelta(hours=1))
    with pytest.raises(TokenInvalid):
        program.accounts.confirm_verification(token)


def test_a_proved_address_gets_no_more_mail(program: Program) -> None:
    program.accounts.confirm_verification(mailed_token(program))
    program.accounts.send_verification(ANN, message_id=UUID(int=7))
    assert len(program.mailer.to("ann@example.com")) == 1


def test_a_suspended_user_gets_no_mail(program: Program) -> None:
    user = program.store.get(User, ANN)
    user.suspend("abuse")
    program.store.save(user)
    program.accounts.send_verification(ANN, message_id=UUID(int=7))
    assert program.mailer.to("ann@example.com") == []


def test_a_user_who_is_not_there_gets_no_mail(program: Program) -> None:
    with pytest.raises(NotFound):
        program.accounts.send_verification(UUID(int=99), message_id=UUID(int=7))
