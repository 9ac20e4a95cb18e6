"""Reconciliation finds what differs both ways, records what was missed, and says what was done."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from application.payments import Found, Payments, PaymentsAway
from domain.reconciliation import Difference, Finding, Reconciliation, Resolution
from tests.application.people import ANN
from tests.application.shop import Shop
from tests.application.test_buying import Failing, Saying, Through, start, using

RUN = UUID(int=7)
BEFORE = timedelta(days=1)


class Listing(Through):
    """Lists other sessions than the provider does."""

    def __init__(self, payments: Payments, sessions: list[Found]) -> None:
        super().__init__(payments)
        self._sessions = sessions

    def sessions_since(self, _since: datetime) -> Iterator[Found]:
        return iter(self._sessions)


def reconcile(shop: Shop, run: UUID = RUN) -> Reconciliation:
    return shop.program.reconciling.reconcile(run, shop.program.clock.now() - BEFORE)


def found(run: Reconciliation) -> set[tuple[str, str]]:
    return {(one.finding, one.resolution) for one in run.differences}


def test_a_payment_whose_messages_never_came_is_granted_and_told() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    shop.program.sandbox.refund(session_id, 9_00)

    run = reconcile(shop)

    assert shop.balance().available == 10
    assert found(run) == {
        (Finding.MESSAGE_MISSED, Resolution.KEPT),
        (Finding.NOT_RECORDED, Resolution.RECORDED),
    }
    recorded = [one for one in run.differences if one.finding == Finding.NOT_RECORDED]
    assert recorded == [
        Difference(Finding.NOT_RECORDED, session_id, purchase_id, act, Resolution.RECORDED)
        for act in ("Pay", "Refund")
    ]
    assert shop.named("StripeEvent.Received") == 3


def test_when_all_is_known_there_is_no_difference_and_the_books_balance() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    shop.program.sandbox.refund(session_id, 9_00)
    shop.deliver(shop.messages())
    shop.program.clock.pass_by(timedelta(minutes=1))

    totals = reconcile(shop).totals

    assert totals
    assert (totals.opening, totals.movements, totals.closing) == (0, {"paid": 18_00, "refunded": -9_00}, 9_00)
    assert (totals.compared, totals.ours, totals.theirs) == (1, 9_00, 9_00)
    assert reconcile(shop, uuid4()).differences == []


def test_what_was_before_is_the_opening_balance() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    shop.deliver(shop.messages())
    shop.program.clock.pass_by(timedelta(days=3))
    totals = reconcile(shop).totals
    assert totals
    assert (totals.opening, totals.movements, totals.closing) == (18_00, {}, 18_00)


def test_a_run_that_is_repeated_is_the_one_that_was() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    first = reconcile(shop)
    shop.program.sandbox.pay(session_id)
    assert reconcile(shop).version == first.version


def test_a_purchase_that_the_provider_never_heard_of_waits_and_expires_in_the_end() -> None:
    shop = Shop()
    lost = using(shop, Failing(shop.program.payments, PaymentsAway()))
    with pytest.raises(PaymentsAway):
        start(lost)
    shop.program.sandbox.till.payments.clear()  # type: ignore[attr-defined] # it never came there
    shop.program.clock.pass_by(timedelta(minutes=1))
    assert found(reconcile(shop)) == {(Finding.UNKNOWN_THERE, Resolution.WAITING)}
    shop.program.clock.pass_by(timedelta(hours=12))
    assert found(reconcile(shop, uuid4())) == {(Finding.UNKNOWN_THERE, Resolution.EXPIRED)}
    assert shop.named("Purchase.CheckoutExpired") == 1


def test_a_checkout_that_the_provider_has_lost_is_left_to_an_operator() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.till.payments.clear()  # type: ignore[attr-defined] # another account's key, perhaps
    shop.program.clock.pass_by(timedelta(minutes=1))
    (difference,) = reconcile(shop).differences
    assert difference == Difference(
        Finding.UNKNOWN_THERE, session_id, purchase_id, "no such checkout", Resolution.LEFT
    )


def test_a_checkout_of_ours_that_nobody_here_knows_is_left_to_an_operator() -> None:
    shop, elsewhere = Shop(), Shop()
    _, session_id = elsewhere.checkout()
    theirs = elsewhere.program.sandbox.till.find(session_id)
    assert theirs
    shop.program.sandbox.till.open(theirs)
    assert found(reconcile(shop)) == {(Finding.UNKNOWN_HERE, Resolution.LEFT)}


def test_money_that_does_not_fit_is_left_to_an_operator_and_shows_in_the_sums() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    lying = using(shop, Saying(shop.program.payments, amount=17_00))
    reconciling = shop.program.reconciling
    run = type(reconciling)(
        store=reconciling.store,
        clock=reconciling.clock,
        payments=reconciling.payments,
        records=reconciling.records,
        purchases=lying,
        notices=reconciling.notices,
    ).reconcile(RUN)
    refused = [one for one in run.differences if one.finding == Finding.PAYMENT_REFUSED]
    assert [(one.purchase_id, one.detail, one.resolution) for one in refused] == [
        (purchase_id, "amount", Resolution.LEFT)
    ]
    assert run.totals
    assert (run.totals.ours, run.totals.theirs) == (0, 17_00)
    assert shop.balance(ANN).available == 0


def test_a_checkout_that_expired_is_told_once() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.expire(session_id)
    assert (Finding.NOT_RECORDED, Resolution.RECORDED) in found(reconcile(shop))
    assert reconcile(shop, uuid4()).differences == []


def test_a_second_checkout_in_the_name_of_a_purchase_is_left_to_an_operator() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    listing = Listing(shop.program.payments, [Found(session_id, purchase_id), Found("cs_2", purchase_id)] * 2)
    run = replace(shop.program.reconciling, payments=listing).reconcile(RUN)
    assert [(one.finding, one.reference, one.detail) for one in run.differences] == [
        (Finding.UNKNOWN_HERE, "cs_2", "not the checkout of this purchase")
    ]
    assert run.totals
    assert run.totals.compared == 1
