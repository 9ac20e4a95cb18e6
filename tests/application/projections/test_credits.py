"""Lots and statement: given a ledger's events, then rows."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from application.projections.credit_lots import PRESENT, CreditLotRow, CreditLots
from application.projections.projection import Unowned
from application.projections.statement import Movement, Statement, StatementRow
from domain.credit_ledger import CreditLedger
from domain.lots import Source
from tests.application.projections.histories import MORNING, Log, at, folded, rows

ADA, JOB, PACK = UUID(int=1), UUID(int=7), UUID(int=20)
TRIAL = uuid5(CreditLedger.id_for(ADA), "trial")


def opened() -> CreditLedger:
    ledger = CreditLedger.open(ADA)
    ledger.grant_trial()
    return ledger


def present(ledger: CreditLedger) -> list[CreditLotRow]:
    return [row for row in rows(CreditLots(), ledger) if row.until == PRESENT]


def where(row: Any) -> tuple[int, int, int, int]:
    return (row.available, row.held, row.spent, row.expired)


def test_an_opened_ledger_has_no_lots() -> None:
    assert rows(CreditLots(), CreditLedger.open(ADA)) == []


def test_a_lot_knows_where_each_of_its_credits_is() -> None:
    ledger = opened()
    ledger.grant(PACK, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ledger.hold(JOB, 5, MORNING)
    trial, pack = present(ledger)
    assert (trial.lot_id, trial.source, where(trial)) == (TRIAL, "trial", (0, 3, 0, 0))
    assert (pack.lot_id, pack.reference, where(pack)) == (PACK, "PACK_20_CREDITS", (18, 2, 0, 0))


def test_settling_spends_what_was_delivered_and_returns_the_rest() -> None:
    ledger = opened()
    ledger.grant(PACK, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ledger.hold(JOB, 5, MORNING)
    ledger.settle(JOB, delivered=4, now=MORNING)
    assert [where(row) for row in present(ledger)] == [(0, 0, 3, 0), (19, 0, 1, 0)]


def test_expired_credits_leave_their_lot() -> None:
    ledger = opened()
    ledger.grant(PACK, Source.PROMO, 4, expires_at=MORNING, reference="spring")
    ledger.expire(MORNING)
    _, promo = present(ledger)
    assert (where(promo), promo.expires_at, promo.granted_at) == ((0, 0, 0, 4), MORNING, at(3))


def test_the_statement_shows_every_movement_with_the_balance_after_it() -> None:
    ledger = opened()
    ledger.grant(PACK, Source.PROMO, 4, expires_at=MORNING + timedelta(hours=1), reference="spring")
    ledger.hold(JOB, 6, MORNING)
    ledger.settle(JOB, delivered=2, now=MORNING + timedelta(hours=2))
    found = rows(Statement(), ledger)
    assert [(row.version, row.kind, row.change, row.available, row.held) for row in found] == [
        (1, Movement.OPENED, 0, 0, 0),
        (2, Movement.GRANTED, 3, 3, 0),
        (3, Movement.GRANTED, 4, 7, 0),
        (4, Movement.HELD, -6, 1, 6),
        (5, Movement.SETTLED, 4, 5, 0),
        (6, Movement.EXPIRED, -2, 3, 0),
    ]
    assert found[4] == StatementRow(
        user_id=ADA,
        version=5,
        kind=Movement.SETTLED,
        change=4,
        granted=7,
        available=5,
        held=0,
        frozen=0,
        spent=2,
        expired=0,
        taken_back=0,
        debt=0,
        credits=6,
        delivered=2,
        returned=4,
        taken=0,
        awaited=0,
        owed=0,
        lot_id=None,
        source=None,
        job_id=JOB,
        reference=None,
        recorded_at=at(5),
        position=5,
    )
    assert (found[2].lot_id, found[2].source, found[5].lot_id) == (PACK, "promo", PACK)


def test_a_lot_can_be_read_as_of_any_position() -> None:
    ledger = opened()
    ledger.hold(JOB, 2, MORNING)
    ledger.settle(JOB, delivered=1, now=MORNING)
    states = sorted(rows(CreditLots(), ledger), key=lambda row: row.since)
    assert [(row.since, row.until, where(row)) for row in states] == [
        (2, 3, (3, 0, 0, 0)),
        (3, 4, (1, 2, 0, 0)),
        (4, PRESENT, (2, 0, 1, 0)),
    ]


def test_a_refund_after_spending_is_told_as_debt_and_the_next_grant_repays_it() -> None:
    ledger = CreditLedger.open(ADA)
    ledger.grant(PACK, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ledger.hold(JOB, 15, MORNING)
    ledger.settle(JOB, delivered=15, now=MORNING)
    ledger.reverse(PACK, "re_1", amount=1800, paid=1800)
    ledger.grant(UUID(int=21), Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    *_, refunded, granted, repaid = rows(Statement(), ledger)
    assert (refunded.taken, refunded.owed, refunded.debt, refunded.available) == (5, 15, 15, 0)
    assert (granted.change, granted.available, granted.debt) == (20, 20, 15)
    assert (repaid.kind, repaid.change, repaid.available, repaid.debt) == (Movement.DEBT_REPAID, -15, 5, 0)
    assert all(row.places.balanced for row in rows(Statement(), ledger))


def test_a_movement_without_the_one_before_it_is_never_guessed() -> None:
    log = Log()
    log.save(opened())
    with pytest.raises(KeyError):
        folded(Statement(), log.recorded[1:])


def test_a_ledgers_event_that_belongs_to_nobody_is_refused() -> None:
    log = Log()
    log.save(opened())
    with pytest.raises(Unowned) as refused:
        folded(CreditLots(), [recorded._replace(owner=None) for recorded in log.recorded])
    assert refused.value.position == 2
