"""Money that goes back takes its credits along: at once, when jobs end, or as a debt; and disputes freeze them."""

from itertools import permutations
from uuid import UUID

import pytest

from domain.credit_errors import (
    DisputeNotFound,
    InsufficientCredits,
    NotAPayment,
    PurchaseLotNotFound,
    ReasonNeeded,
    ReversalNotFound,
)
from domain.credit_ledger import CreditLedger
from domain.errors import Conflict
from domain.lots import Source
from tests.domain.history import fact, news
from tests.domain.ledgers import (
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

PRICE = 1800
ADMIN = "user:00000000-0000-0000-0000-000000000009"


def places(ledger: CreditLedger, lot_id: UUID = LOT) -> tuple[int, int, int, int, int]:
    lot = ledger.lots[lot_id]
    return (lot.available, lot.held, lot.frozen, lot.spent, lot.taken_back)


def refund(ledger: CreditLedger, amount: int = PRICE, lot: UUID = LOT, refund_id: str = "re_1") -> None:
    ledger.reverse(lot, refund_id, amount=amount, paid=PRICE)


def spend(ledger: CreditLedger, credits: int, job: UUID = JOB) -> None:
    ledger.hold(job, credits, NOW)
    ledger.settle(job, delivered=credits, now=NOW)


# Refunds


def test_a_refund_takes_what_is_left_at_once() -> None:
    ledger = ledger_with(granted(20))
    refund(ledger)
    assert news(ledger) == [
        fact(
            CreditLedger.Reversed,
            reversal_id="re_1",
            lot_id=LOT,
            amount=PRICE,
            paid=PRICE,
            credits=20,
            taken={LOT: 20},
            frozen=0,
            awaited=0,
            debt=0,
        )
    ]
    assert (places(ledger), ledger.debt) == ((0, 0, 0, 0, 20), 0)


def test_used_credits_become_a_debt_that_the_next_grant_repays_first() -> None:
    ledger = ledger_with(granted(20))
    spend(ledger, 15)
    refund(ledger)
    assert (ledger.available(NOW), ledger.debt) == (0, 15)
    ledger.grant(OTHER_LOT, Source.PURCHASE, 20, reference="another")
    assert news(ledger)[-1] == fact(CreditLedger.DebtRepaid, lot_id=OTHER_LOT, debts={LOT: 15})
    assert (ledger.available(NOW), ledger.debt) == (5, 0)


def test_with_a_debt_nothing_can_be_held_whatever_else_there_is() -> None:
    ledger = ledger_with(granted(2), held({LOT: 2}), settled({LOT: 2}, {}), granted(50, OTHER_LOT))
    refund(ledger)
    with pytest.raises(InsufficientCredits) as refused:
        ledger.hold(OTHER_JOB, 1, NOW)
    assert (refused.value.available, refused.value.debt) == (50, 2)


def test_a_grant_that_does_not_suffice_repays_the_oldest_debts() -> None:
    ledger = ledger_with(granted(3), granted(3, OTHER_LOT))
    spend(ledger, 6)
    refund(ledger, lot=OTHER_LOT, refund_id="re_2")
    refund(ledger)
    ledger.grant(THIRD_LOT, Source.PROMO, 4, reference="a gift")
    assert news(ledger)[-1] == fact(CreditLedger.DebtRepaid, lot_id=THIRD_LOT, debts={LOT: 3, OTHER_LOT: 1})
    assert (ledger.available(NOW), ledger.debt) == (0, 2)


def test_held_credits_stay_held_then_returned_ones_are_taken_and_spent_ones_owed() -> None:
    ledger = ledger_with(granted(10), held({LOT: 10}))
    refund(ledger)
    assert (places(ledger), ledger.debt) == ((0, 10, 0, 0, 0), 0)
    ledger.settle(JOB, delivered=6, now=NOW)
    assert news(ledger)[1:] == [
        settled({LOT: 6}, {LOT: 4}),
        fact(CreditLedger.Reclaimed, lot_id=LOT, taken={LOT: 4}, debt=6),
    ]
    assert (places(ledger), ledger.debt) == ((0, 0, 0, 6, 4), 6)


def test_what_another_job_may_still_give_back_is_not_owed_yet() -> None:
    ledger = ledger_with(granted(4), held({LOT: 2}), held({LOT: 2}, OTHER_JOB))
    refund(ledger, amount=PRICE // 2)
    ledger.settle(JOB, delivered=2, now=NOW)
    assert ledger.debt == 0
    ledger.settle(OTHER_JOB, delivered=0, now=NOW)
    assert (places(ledger), ledger.debt) == ((0, 0, 0, 2, 2), 0)


def test_a_second_refund_does_not_wait_for_the_credits_that_the_first_one_awaits() -> None:
    ledger = ledger_with(granted(4), held({LOT: 2}), settled({LOT: 2}, {}), held({LOT: 2}, OTHER_JOB))
    refund(ledger, PRICE // 2)
    refund(ledger, PRICE // 2, refund_id="re_2")
    assert ledger.debt == 2
    ledger.settle(OTHER_JOB, delivered=2, now=NOW)
    assert ledger.debt == 4


def test_nobody_owes_what_was_adjusted_away() -> None:
    ledger = ledger_with(granted(20))
    spend(ledger, 10)
    ledger.take_away(OTHER_LOT, 10, reason="a mistake", actor=ADMIN, now=NOW)
    refund(ledger, PRICE // 2)
    refund(ledger, PRICE // 2, refund_id="re_2")
    assert ledger.debt == 10


def test_credits_that_repaid_a_debt_were_used_so_their_own_refund_makes_them_a_debt() -> None:
    ledger = ledger_with(granted(5))
    spend(ledger, 5)
    refund(ledger)
    ledger.grant(OTHER_LOT, Source.PURCHASE, 20, reference="another")
    refund(ledger, lot=OTHER_LOT, refund_id="re_2")
    assert (places(ledger, OTHER_LOT), ledger.debt) == ((0, 0, 0, 0, 20), 5)


@pytest.mark.parametrize("order", list(permutations([("re_1", 500), ("re_2", 333), ("dp_1", 700)])))
def test_refunds_and_disputes_add_up_to_the_same_in_any_order(order: list[tuple[str, int]]) -> None:
    ledger = ledger_with(granted(20))
    for reversal_id, amount in order:
        refund(ledger, amount, refund_id=reversal_id)
    assert ledger.lots[LOT].reversed == 20 * (500 + 333 + 700) // PRICE == 17


def test_more_than_the_lot_is_never_taken() -> None:
    ledger = ledger_with(granted(20))
    refund(ledger)
    refund(ledger, refund_id="dp_1")
    assert (ledger.lots[LOT].reversed, ledger.debt) == (20, 0)


def test_a_repeated_refund_changes_nothing_and_another_amount_is_a_conflict() -> None:
    ledger = ledger_with(granted(20))
    refund(ledger, 900)
    refund(ledger, 900)
    assert len(news(ledger)) == 1
    with pytest.raises(Conflict):
        refund(ledger, 901)
    with pytest.raises(Conflict):
        ledger.reverse(LOT, "re_2", amount=900, paid=PRICE + 1)


def test_only_what_was_paid_can_be_paid_back() -> None:
    ledger = ledger_with(granted(3, source=Source.TRIAL))
    for lot in (LOT, OTHER_LOT):
        with pytest.raises(PurchaseLotNotFound):
            refund(ledger, lot=lot)
        with pytest.raises(PurchaseLotNotFound):
            ledger.freeze(lot, "dp_1")
    bought = ledger_with(granted(3))
    with pytest.raises(NotAPayment):
        refund(bought, 0)


def test_what_two_jobs_made_of_a_refund_is_never_owed_twice() -> None:
    ledger = ledger_with(granted(20))
    ledger.take_away(OTHER_LOT, 5, reason="a mistake", actor=ADMIN, now=NOW)
    ledger.hold(JOB, 12, NOW)
    refund(ledger, PRICE // 2)
    ledger.settle(JOB, delivered=12, now=NOW)
    assert (places(ledger), ledger.debt) == ((0, 0, 0, 12, 8), 7)
    refund(ledger, PRICE // 2, refund_id="re_2")
    assert ledger.debt == 12


def test_a_refund_says_how_many_of_the_credits_were_frozen() -> None:
    ledger = ledger_with(granted(20))
    spend(ledger, 8)
    ledger.freeze(LOT, "dp_1")
    refund(ledger, PRICE // 2)
    assert (news(ledger)[-1].fields["taken"], news(ledger)[-1].fields["frozen"]) == ({LOT: 10}, 10)
    assert places(ledger) == (0, 0, 2, 8, 10)


def test_a_refund_that_finds_nothing_left_takes_nothing_frozen() -> None:
    ledger = ledger_with(granted(20))
    spend(ledger, 20)
    refund(ledger)
    assert (news(ledger)[-1].fields["taken"], news(ledger)[-1].fields["frozen"]) == ({}, 0)


# Refunds that fail


def test_of_two_refunds_the_one_that_fails_forgives_its_own_debt_alone() -> None:
    ledger = ledger_with(granted(20))
    spend(ledger, 20)
    refund(ledger, PRICE // 4)
    refund(ledger, PRICE // 4, refund_id="re_2")
    assert ledger.debt == 10
    ledger.cancel_reversal("re_2")
    assert (ledger.debt, ledger.available(NOW)) == (5, 0)


def test_a_failed_refund_awaits_nothing_from_jobs_any_more() -> None:
    ledger = ledger_with(granted(20), held({LOT: 20}))
    refund(ledger)
    ledger.cancel_reversal("re_1")
    ledger.settle(JOB, delivered=6, now=NOW)
    assert (places(ledger), ledger.debt) == ((14, 0, 0, 6, 0), 0)


def test_of_two_refunds_that_await_a_job_the_one_that_fails_leaves_the_other_its_part() -> None:
    ledger = ledger_with(granted(20))
    spend(ledger, 4)
    ledger.hold(OTHER_JOB, 10, NOW)
    refund(ledger, PRICE // 2)  # takes the 6 that are left, and awaits 4
    refund(ledger, PRICE // 2, refund_id="re_2")  # awaits 6, and is owed 4
    ledger.cancel_reversal("re_2")
    assert (news(ledger)[-1].fields["debt"], news(ledger)[-1].fields["awaited"]) == (4, 6)
    ledger.settle(OTHER_JOB, delivered=0, now=NOW)
    assert (places(ledger), ledger.debt) == ((6, 0, 0, 4, 10), 0)


def test_a_refund_that_fails_after_its_job_has_ended_gives_back_what_it_got() -> None:
    ledger = ledger_with(granted(20), held({LOT: 12}))
    refund(ledger)
    ledger.settle(JOB, delivered=5, now=NOW)
    assert (places(ledger), ledger.debt) == ((0, 0, 0, 5, 15), 5)
    ledger.cancel_reversal("re_1")
    assert (ledger.available(NOW), ledger.debt) == (15, 0)


def test_a_failed_refund_first_cancels_its_debt_and_then_grants_the_rest() -> None:
    ledger = ledger_with(granted(20))
    spend(ledger, 15)
    refund(ledger)
    ledger.cancel_reversal("re_1")
    cancelled, restored = news(ledger)[-2:]
    assert (cancelled.fields["debt"], cancelled.fields["restored"]) == (15, 5)
    assert (restored.fields["source"], restored.fields["credits"]) == ("adjustment", 5)
    assert restored.fields["restores"] == LOT
    assert (ledger.available(NOW), ledger.debt) == (5, 0)


def test_a_debt_that_was_repaid_meanwhile_is_granted_again() -> None:
    ledger = ledger_with(granted(20))
    spend(ledger, 20)
    refund(ledger)
    ledger.grant(OTHER_LOT, Source.PURCHASE, 20, reference="another")
    ledger.cancel_reversal("re_1")
    assert (ledger.available(NOW), ledger.debt) == (20, 0)


def test_what_a_failed_refund_gives_back_repays_other_debt_first() -> None:
    ledger = ledger_with(granted(5), granted(20, OTHER_LOT))
    spend(ledger, 5)
    refund(ledger, lot=OTHER_LOT, refund_id="re_2")
    refund(ledger)
    ledger.cancel_reversal("re_2")
    assert (ledger.available(NOW), ledger.debt) == (15, 0)


def test_a_refund_after_one_that_failed_takes_what_that_one_gave_back() -> None:
    ledger = ledger_with(granted(20))
    refund(ledger)
    ledger.cancel_reversal("re_1")
    refund(ledger, refund_id="re_2")
    assert (ledger.available(NOW), ledger.debt) == (0, 0)


def test_a_cancelled_refund_stays_cancelled() -> None:
    ledger = ledger_with(granted(20))
    refund(ledger)
    ledger.cancel_reversal("re_1")
    so_far = len(news(ledger))
    ledger.cancel_reversal("re_1")
    refund(ledger)
    assert len(news(ledger)) == so_far
    with pytest.raises(ReversalNotFound):
        ledger.cancel_reversal("re_2")


# Disputes


def test_a_dispute_freezes_what_is_left_and_what_returns() -> None:
    ledger = ledger_with(granted(10), held({LOT: 4}))
    ledger.freeze(LOT, "dp_1")
    ledger.settle(JOB, delivered=1, now=NOW)
    assert (places(ledger), ledger.available(NOW)) == ((0, 0, 9, 1, 0), 0)
    ledger.thaw("dp_1", NOW)
    assert (places(ledger), ledger.available(NOW)) == ((9, 0, 0, 1, 0), 9)


def test_a_lot_thaws_when_its_last_dispute_is_over() -> None:
    ledger = ledger_with(granted(10))
    ledger.freeze(LOT, "dp_1")
    ledger.freeze(LOT, "dp_2")
    ledger.thaw("dp_1", NOW)
    assert ledger.available(NOW) == 0
    ledger.thaw("dp_2", NOW)
    assert ledger.available(NOW) == 10


def test_freezing_and_thawing_again_change_nothing() -> None:
    ledger = ledger_with(granted(10), granted(5, OTHER_LOT))
    ledger.freeze(LOT, "dp_1")
    ledger.freeze(LOT, "dp_1")
    ledger.thaw("dp_1", NOW)
    ledger.thaw("dp_1", NOW)
    ledger.freeze(LOT, "dp_1")
    assert [one.event for one in news(ledger)] == [CreditLedger.Frozen, CreditLedger.Thawed]
    with pytest.raises(Conflict):
        ledger.freeze(OTHER_LOT, "dp_1")
    with pytest.raises(DisputeNotFound):
        ledger.thaw("dp_2", NOW)


def test_frozen_credits_expire_on_time() -> None:
    ledger = ledger_with(granted(10, expires=TOMORROW))
    ledger.freeze(LOT, "dp_1")
    ledger.expire(TOMORROW)
    assert news(ledger)[-1] == expired(LOT, 10, frozen=10)


def test_expired_credits_are_not_frozen_any_more() -> None:
    ledger = ledger_with(granted(10, expires=TOMORROW))
    ledger.freeze(LOT, "dp_1")
    ledger.expire(TOMORROW)
    assert (places(ledger), ledger.lots[LOT].expired) == ((0, 0, 0, 0, 0), 10)


def test_what_thaws_too_late_expires_at_once() -> None:
    ledger = ledger_with(granted(10, expires=TOMORROW))
    ledger.freeze(LOT, "dp_1")
    ledger.thaw("dp_1", TOMORROW)
    assert news(ledger)[-1] == expired(LOT, 10)


def test_a_lost_dispute_takes_the_frozen_credits_and_one_won_after_all_gives_them_back() -> None:
    ledger = ledger_with(granted(10))
    ledger.freeze(LOT, "dp_1")
    refund(ledger, refund_id="dp_1")
    ledger.thaw("dp_1", NOW)
    assert (places(ledger), ledger.available(NOW)) == ((0, 0, 0, 0, 10), 0)
    ledger.cancel_reversal("dp_1")
    assert ledger.available(NOW) == 10


def test_what_is_given_back_while_a_dispute_is_open_is_frozen_too() -> None:
    ledger = ledger_with(granted(10))
    refund(ledger)
    ledger.freeze(LOT, "dp_1")
    ledger.cancel_reversal("re_1")
    assert ledger.available(NOW) == 0
    ledger.thaw("dp_1", NOW)
    assert ledger.available(NOW) == 10


# Adjustments


def test_an_adjustment_takes_credits_in_burn_order_and_says_who_and_why() -> None:
    ledger = ledger_with(granted(3, source=Source.TRIAL), granted(10, OTHER_LOT))
    ledger.take_away(THIRD_LOT, 5, reason=" granted twice ", actor=ADMIN, now=NOW)
    assert news(ledger) == [
        fact(
            CreditLedger.Adjusted,
            adjustment_id=THIRD_LOT,
            lots={LOT: 3, OTHER_LOT: 2},
            reason="granted twice",
            actor=ADMIN,
        )
    ]


def test_an_adjustment_never_takes_more_than_there_is() -> None:
    ledger = ledger_with(granted(3))
    with pytest.raises(InsufficientCredits):
        ledger.take_away(THIRD_LOT, 4, reason="too much", actor=ADMIN, now=NOW)
    assert news(ledger) == []


def test_an_adjustment_happens_once_and_has_a_reason() -> None:
    ledger = ledger_with(granted(3))
    ledger.take_away(THIRD_LOT, 1, reason="a mistake", actor=ADMIN, now=NOW)
    ledger.take_away(THIRD_LOT, 1, reason="a mistake", actor=ADMIN, now=NOW)
    assert len(news(ledger)) == 1
    with pytest.raises(Conflict):
        ledger.take_away(THIRD_LOT, 2, reason="a mistake", actor=ADMIN, now=NOW)
    with pytest.raises(Conflict):
        ledger.grant(THIRD_LOT, Source.ADJUSTMENT, 1, reference="a mistake")
    with pytest.raises(Conflict):
        ledger.take_away(LOT, 1, reason="a mistake", actor=ADMIN, now=NOW)
    ledger.take_away(UUID(int=29), 1, reason="x" * 200, actor=ADMIN, now=NOW)
    for reason in (" ", "x" * 201):
        with pytest.raises(ReasonNeeded):
            ledger.take_away(OTHER_LOT, 1, reason=reason, actor=ADMIN, now=NOW)
