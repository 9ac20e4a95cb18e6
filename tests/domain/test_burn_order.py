"""The order in which lots burn: what would be lost first, then what was free, then what is oldest."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID

from domain.lots import Source
from tests.domain.history import Fact, news
from tests.domain.ledgers import (
    JOB,
    LOT,
    NOW,
    OTHER_JOB,
    OTHER_LOT,
    THIRD_LOT,
    TOMORROW,
    granted,
    held,
    ledger_with,
)


def burnt_first(*lots: Fact) -> UUID:
    ledger = ledger_with(*lots)
    ledger.hold(JOB, 1, NOW)
    (lot,) = ledger.holds[JOB]
    return lot


def test_what_expires_first_burns_first_whatever_its_source() -> None:
    soon = granted(1, LOT, Source.PURCHASE, expires=TOMORROW)
    later = granted(1, OTHER_LOT, Source.TRIAL, expires=TOMORROW + timedelta(days=1))
    never = granted(1, THIRD_LOT, Source.TRIAL)
    assert {burnt_first(*lots) for lots in permutations([soon, later, never])} == {LOT}
    assert {burnt_first(*lots) for lots in permutations([later, never])} == {OTHER_LOT}


def test_among_equal_expiries_the_trial_burns_first_then_promo_adjustment_and_purchase() -> None:
    lots = {source: granted(1, UUID(int=90 - rank), source) for rank, source in enumerate(Source)}
    order = [Source.TRIAL, Source.PROMO, Source.ADJUSTMENT, Source.PURCHASE]
    while order:
        first = lots[order[0]].fields["lot_id"]
        assert {burnt_first(*some) for some in permutations([lots[source] for source in order])} == {first}
        del order[0]


def test_among_equal_sources_the_oldest_burns_first() -> None:
    assert burnt_first(granted(1, OTHER_LOT), granted(1, LOT)) == OTHER_LOT


def test_a_hold_takes_from_as_many_lots_as_it_needs_and_records_which() -> None:
    ledger = ledger_with(
        granted(5, LOT), granted(2, OTHER_LOT, Source.TRIAL), granted(1, THIRD_LOT, expires=TOMORROW)
    )
    ledger.hold(JOB, 5, NOW)
    assert news(ledger) == [held({THIRD_LOT: 1, OTHER_LOT: 2, LOT: 2})]
    assert list(ledger.holds[JOB]) == [THIRD_LOT, OTHER_LOT, LOT]


def test_an_empty_lot_is_passed_over() -> None:
    ledger = ledger_with(granted(1, LOT), granted(1, OTHER_LOT), held({LOT: 1}))
    ledger.hold(OTHER_JOB, 1, NOW)
    assert news(ledger) == [held({OTHER_LOT: 1}, OTHER_JOB)]
