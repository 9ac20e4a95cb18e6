"""Credits expire by the database's clock, whoever looks and whoever does not."""

from datetime import timedelta
from uuid import UUID

import pytest

from application import expiry
from application.stagers import RetryLater
from tests.application.people import ANN, available, ledger_of, register
from tests.fakes.bootstrap import Program

GIFT = UUID(int=21)


@pytest.fixture
def program() -> Program:
    program = Program()
    register(program)
    program.credits.grant_promo(
        GIFT,
        user_id=ANN,
        credits=5,
        reference="a gift",
        expires_at=program.clock.now() + timedelta(days=1),
    )
    return program


def test_what_has_expired_is_recorded_once_when_it_is_due(program: Program) -> None:
    assert program.expiry.record_due() == {"ledgers": 0}
    program.clock.pass_by(timedelta(days=1))
    assert available(program) == 0
    assert program.expiry.record_due() == {"ledgers": 1}
    assert program.expiry.record_due() == {"ledgers": 0}
    assert ledger_of(program).lots[GIFT].expired == 5


def test_too_many_at_once_go_on_in_a_moment(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "AT_ONCE", 1)
    program.clock.pass_by(timedelta(days=1))
    with pytest.raises(RetryLater):
        program.expiry.record_due()
    assert ledger_of(program).lots[GIFT].expired == 5
    assert program.expiry.record_due() == {"ledgers": 0}
