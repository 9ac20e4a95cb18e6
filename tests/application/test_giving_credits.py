"""Credits that operators give away."""

from uuid import UUID

import pytest

from application.errors import NotFound
from domain.credit_errors import NotACreditAmount
from domain.errors import Conflict
from tests.application.people import ANN, BOB, available, ledger_of, register
from tests.fakes.bootstrap import Program

GIFT = UUID(int=21)


@pytest.fixture
def program() -> Program:
    program = Program()
    register(program)
    return program


def give(program: Program, credits: int = 5, user: UUID = ANN) -> None:
    program.credits.grant_promo(GIFT, user_id=user, credits=credits, reference="a gift")


def test_a_gift_is_a_lot_with_its_reason(program: Program) -> None:
    give(program)
    lot = ledger_of(program).lots[GIFT]
    assert (lot.source, lot.credits, lot.expires_at, lot.reference) == ("promo", 5, None, "a gift")
    assert available(program) == 5


def test_the_same_gift_again_changes_nothing(program: Program) -> None:
    give(program)
    give(program)
    assert available(program) == 5


def test_the_same_gift_with_another_amount_is_a_conflict(program: Program) -> None:
    give(program)
    with pytest.raises(Conflict):
        give(program, credits=6)
    assert available(program) == 5


def test_nothing_cannot_be_given_and_nobody_can_be_given_anything(program: Program) -> None:
    with pytest.raises(NotACreditAmount):
        give(program, credits=0)
    with pytest.raises(NotFound):
        give(program, user=BOB)
