"""Credits: granted in lots, held for jobs, settled once, and gone when they expire."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from domain.credit_errors import HoldNotFound, InsufficientCredits, NotACreditAmount
from domain.credit_ledger import TRIAL_CREDITS, CreditLedger, Settlement
from domain.errors import Conflict
from domain.lots import Source
from tests.domain.history import Fact, fact, news
from tests.domain.ledgers import (
    ANN,
    JOB,
    LOT,
    NOW,
    OTHER_JOB,
    OTHER_LOT,
    THIRD_LOT,
    TOMORROW,
    expired,
    granted,
    held,
    ledger_with,
    settled,
)

# Opening and granting


def test_a_user_has_one_ledger_and_it_is_empty_at_first() -> None:
    ledger = CreditLedger.open(ANN)
    assert news(ledger) == [fact(CreditLedger.Opened, user_id=ANN)]
    assert (ledger.id, ledger.owner, ledger.available(NOW)) == (CreditLedger.id_for(ANN), ANN, 0)
    assert CreditLedger.id_for(ANN) != CreditLedger.id_for(UUID(int=2))


def test_the_trial_is_three_credits_for_ever() -> None:
    ledger = ledger_with()
    ledger.grant_trial()
    (trial,) = news(ledger)
    assert trial.event is CreditLedger.Granted
    assert trial.fields["credits"] == TRIAL_CREDITS == 3
    assert (trial.fields["source"], trial.fields["expires_at"]) == ("trial", None)
    assert ledger.available(NOW + timedelta(days=36_500)) == 3


def test_the_trial_is_granted_once() -> None:
    ledger = ledger_with()
    ledger.grant_trial()
    ledger.grant_trial()
    assert (len(news(ledger)), ledger.available(NOW)) == (1, 3)


def test_a_lot_is_granted_with_its_source_and_expiry() -> None:
    ledger = ledger_with()
    ledger.grant(LOT, Source.PROMO, 5, expires_at=TOMORROW, reference="a receipt")
    assert news(ledger) == [granted(5, source=Source.PROMO, expires=TOMORROW)]
    assert ledger.available(NOW) == 5


def test_the_same_grant_again_changes_nothing() -> None:
    ledger = ledger_with(granted(5, source=Source.PROMO, expires=TOMORROW))
    ledger.grant(LOT, Source.PROMO, 5, expires_at=TOMORROW, reference="a receipt")
    assert news(ledger) == []


@pytest.mark.parametrize(
    ("source", "credits", "expires_at", "reference"),
    [
        (Source.TRIAL, 5, TOMORROW, "a receipt"),
        (Source.PROMO, 6, TOMORROW, "a receipt"),
        (Source.PROMO, 5, None, "a receipt"),
        (Source.PROMO, 5, TOMORROW, "another receipt"),
    ],
)
def test_the_same_lot_with_other_content_is_a_conflict(
    source: Source, credits: int, expires_at: datetime | None, reference: str
) -> None:
    ledger = ledger_with(granted(5, source=Source.PROMO, expires=TOMORROW))
    with pytest.raises(Conflict) as refused:
        ledger.grant(LOT, source, credits, expires_at=expires_at, reference=reference)
    assert (refused.value.key, news(ledger)) == (LOT, [])


@pytest.mark.parametrize("credits", [0, -1])
def test_a_lot_has_one_credit_at_least(credits: int) -> None:
    ledger = ledger_with()
    with pytest.raises(NotACreditAmount) as refused:
        ledger.grant(LOT, Source.PROMO, credits, reference="nothing")
    assert (refused.value.credits, news(ledger)) == (credits, [])


# Holding


def test_a_job_holds_what_it_may_cost() -> None:
    ledger = ledger_with(granted(5))
    ledger.hold(JOB, 2, NOW)
    assert news(ledger) == [held({LOT: 2})]
    assert (ledger.available(NOW), ledger.lots[LOT].held) == (3, 2)


def test_the_last_credit_can_be_held() -> None:
    ledger = ledger_with(granted(2))
    ledger.hold(JOB, 2, NOW)
    assert ledger.available(NOW) == 0


def test_more_than_there_is_cannot_be_held_and_nothing_is() -> None:
    ledger = ledger_with(granted(2), held({LOT: 1}))
    with pytest.raises(InsufficientCredits) as refused:
        ledger.hold(OTHER_JOB, 2, NOW)
    assert (refused.value.needed, refused.value.available, news(ledger)) == (2, 1, [])


@pytest.mark.parametrize("credits", [0, -3])
def test_a_hold_is_of_one_credit_at_least(credits: int) -> None:
    ledger = ledger_with(granted(2))
    with pytest.raises(NotACreditAmount):
        ledger.hold(JOB, credits, NOW)


@pytest.mark.parametrize("since", [[], [settled({LOT: 1}, {LOT: 1})]], ids=["held", "settled"])
def test_the_same_hold_again_changes_nothing_even_after_it_is_settled(since: list[Fact]) -> None:
    ledger = ledger_with(granted(2), held({LOT: 2}), *since)
    ledger.hold(JOB, 2, NOW)
    assert news(ledger) == []


@pytest.mark.parametrize("since", [[], [settled({LOT: 1}, {LOT: 1})]], ids=["held", "settled"])
def test_the_same_job_with_another_amount_is_a_conflict(since: list[Fact]) -> None:
    ledger = ledger_with(granted(5), held({LOT: 2}), *since)
    with pytest.raises(Conflict) as refused:
        ledger.hold(JOB, 3, NOW)
    assert (refused.value.key, news(ledger)) == (JOB, [])


# Settling


def test_delivered_photos_are_spent_and_all_others_given_back() -> None:
    ledger = ledger_with(granted(30), held({LOT: 30}))
    ledger.settle(JOB, delivered=29, now=NOW)
    assert news(ledger) == [settled({LOT: 29}, {LOT: 1})]
    lot = ledger.lots[LOT]
    assert (lot.available, lot.held, lot.spent) == (1, 0, 29)


def test_a_failed_job_costs_nothing() -> None:
    ledger = ledger_with(granted(3), held({LOT: 3}))
    ledger.settle(JOB, delivered=0, now=NOW)
    assert news(ledger) == [settled({}, {LOT: 3})]
    assert ledger.available(NOW) == 3


def test_a_job_that_delivered_everything_gives_nothing_back() -> None:
    ledger = ledger_with(granted(3), held({LOT: 3}))
    ledger.settle(JOB, delivered=3, now=NOW)
    assert news(ledger) == [settled({LOT: 3}, {})]
    assert (ledger.available(NOW), ledger.lots[LOT].spent) == (0, 3)


def test_credits_are_spent_in_the_order_in_which_they_were_taken_and_return_whence_they_came() -> None:
    ledger = ledger_with(
        granted(2, LOT),
        granted(2, OTHER_LOT),
        granted(2, THIRD_LOT),
        held({OTHER_LOT: 2, LOT: 2, THIRD_LOT: 1}),
    )
    ledger.settle(JOB, delivered=3, now=NOW)
    assert news(ledger) == [settled({OTHER_LOT: 2, LOT: 1}, {LOT: 1, THIRD_LOT: 1})]


def test_a_settled_hold_shrinks_to_its_totals() -> None:
    ledger = ledger_with(granted(3), held({LOT: 3}))
    ledger.settle(JOB, delivered=2, now=NOW)
    assert (ledger.holds, ledger.settlements) == ({}, {JOB: Settlement(held=3, delivered=2)})


def test_the_same_settlement_again_changes_nothing() -> None:
    ledger = ledger_with(granted(3), held({LOT: 3}), settled({LOT: 2}, {LOT: 1}))
    ledger.settle(JOB, delivered=2, now=NOW)
    assert news(ledger) == []


def test_settling_again_with_another_number_is_a_conflict() -> None:
    ledger = ledger_with(granted(3), held({LOT: 3}), settled({LOT: 2}, {LOT: 1}))
    with pytest.raises(Conflict) as refused:
        ledger.settle(JOB, delivered=3, now=NOW)
    assert (refused.value.key, news(ledger)) == (JOB, [])


def test_what_was_never_held_cannot_be_settled() -> None:
    ledger = ledger_with(granted(3))
    with pytest.raises(HoldNotFound) as refused:
        ledger.settle(JOB, delivered=0, now=NOW)
    assert (refused.value.job_id, news(ledger)) == (JOB, [])


@pytest.mark.parametrize("delivered", [-1, 4])
def test_no_more_can_be_delivered_than_was_held(delivered: int) -> None:
    ledger = ledger_with(granted(9), held({LOT: 3}))
    with pytest.raises(NotACreditAmount):
        ledger.settle(JOB, delivered=delivered, now=NOW)
    assert news(ledger) == []


# Expiring


def test_a_lot_past_its_expiry_is_unavailable_before_that_is_recorded() -> None:
    ledger = ledger_with(granted(2, expires=TOMORROW))
    assert ledger.available(TOMORROW - timedelta(microseconds=1)) == 2
    assert ledger.available(TOMORROW) == 0
    with pytest.raises(InsufficientCredits) as refused:
        ledger.hold(JOB, 1, TOMORROW)
    assert refused.value.available == 0


def test_an_expired_lot_is_passed_over() -> None:
    ledger = ledger_with(granted(2, LOT, expires=TOMORROW), granted(2, OTHER_LOT))
    ledger.hold(JOB, 1, TOMORROW)
    assert news(ledger) == [held({OTHER_LOT: 1})]


def test_expiry_is_recorded_once_and_only_when_it_is_due() -> None:
    ledger = ledger_with(granted(2, expires=TOMORROW), granted(1, OTHER_LOT))
    ledger.expire(NOW)
    ledger.expire(TOMORROW)
    ledger.expire(TOMORROW)
    assert news(ledger) == [expired(LOT, 2)]
    assert (ledger.lots[LOT].available, ledger.lots[LOT].expired, ledger.available(TOMORROW)) == (0, 2, 1)


def test_credits_that_are_held_do_not_expire_and_can_still_be_spent() -> None:
    ledger = ledger_with(granted(3, expires=TOMORROW), held({LOT: 2}))
    ledger.expire(TOMORROW)
    assert news(ledger) == [expired(LOT, 1)]
    ledger.settle(JOB, delivered=2, now=TOMORROW)
    assert (ledger.lots[LOT].spent, ledger.lots[LOT].expired) == (2, 1)


def test_what_returns_to_an_expired_lot_expires_at_once() -> None:
    ledger = ledger_with(granted(3, expires=TOMORROW), held({LOT: 3}))
    ledger.settle(JOB, delivered=1, now=TOMORROW)
    assert news(ledger) == [settled({LOT: 1}, {LOT: 2}), expired(LOT, 2)]
    assert ledger.available(TOMORROW) == 0


def test_what_returns_to_a_lot_in_time_can_be_used_again() -> None:
    ledger = ledger_with(granted(3, expires=TOMORROW), held({LOT: 3}))
    ledger.settle(JOB, delivered=1, now=NOW)
    assert news(ledger) == [settled({LOT: 1}, {LOT: 2})]
    assert ledger.available(NOW) == 2
