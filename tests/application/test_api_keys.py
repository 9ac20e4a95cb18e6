"""API keys: a user has a limited number, and they end with what else lets somebody in."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.api_keys import KEYS_PER_USER, IssuedKey, KeyScope, KeyShownBefore, TooManyApiKeys
from application.errors import NotFound
from domain.personal import Personal
from tests.application.people import ANN, BOB, PASSWORD, register
from tests.fakes.bootstrap import Program

KEY = UUID(int=5)


@pytest.fixture
def program() -> Program:
    program = Program()
    register(program)
    return program


def create(program: Program, key_id: UUID = KEY, *, days: int | None = None, user: UUID = ANN) -> IssuedKey:
    return program.api_keys.create(
        key_id,
        user_id=user,
        name=Personal("  nightly "),
        scopes=[KeyScope.JOBS_READ, KeyScope.JOBS_READ],
        lifetime=timedelta(days=days) if days else None,
    )


def test_a_key_is_its_users_with_its_scopes_until_its_time_is_over(program: Program) -> None:
    issued = create(program, days=2)
    assert program.key_records.user(issued.key) == ANN
    assert (issued.about.name.text, set(issued.about.scopes)) == ("nightly", {"jobs:read"})
    assert issued.about.expires_at == program.clock.now() + timedelta(days=2)
    assert create(program, UUID(int=6)).about.expires_at is None


def test_asked_for_again_it_is_not_shown_again(program: Program) -> None:
    issued = create(program)
    with pytest.raises(KeyShownBefore):
        create(program)
    assert program.key_records.user(issued.key) == ANN


def test_there_are_so_many_and_no_more_until_one_is_revoked(program: Program) -> None:
    for number in range(KEYS_PER_USER):
        create(program, UUID(int=100 + number))
    with pytest.raises(TooManyApiKeys):
        create(program)
    assert program.key_records.count(ANN) == KEYS_PER_USER
    program.api_keys.revoke(UUID(int=100), ANN)
    assert program.key_records.user(create(program).key) == ANN


def test_nobody_revokes_anothers_key(program: Program) -> None:
    issued = create(program)
    with pytest.raises(NotFound):
        program.api_keys.revoke(KEY, BOB)
    assert program.key_records.user(issued.key) == ANN
    program.api_keys.revoke(KEY, ANN)
    assert program.key_records.user(issued.key) is None


@pytest.mark.parametrize("act", ["change", "suspend", "erase"])
def test_keys_end_with_the_password_with_suspension_and_with_erasure(program: Program, act: str) -> None:
    register(program, BOB, "bob@example.com")
    issued, bobs = create(program), create(program, UUID(int=6), user=BOB)
    match act:
        case "change":
            program.accounts.change_password(ANN, current=PASSWORD, password="another long password")
        case "suspend":
            program.standing.suspend(ANN, "spam")
        case _:
            program.standing.erase(ANN)
    assert (program.key_records.user(issued.key), program.key_records.user(bobs.key)) == (None, BOB)
