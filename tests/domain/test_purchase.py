"""A purchase is paid once, and what becomes of its money afterwards is counted once."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Conflict
from domain.offers import OFFERS, OfferUnknown, QuantityOutOfRange
from domain.purchase import NotPaid, Purchase, PurchaseStatus
from domain.reversals import credits_for
from tests.domain.ledgers import NOW

ANN, ID = UUID(int=1), UUID(int=5)


def started(offer: str = "PACK_20_CREDITS", quantity: int = 1) -> Purchase:
    return Purchase.start(ID, user_id=ANN, offer=offer, quantity=quantity, livemode=False, expires_at=NOW)


def paid(offer: str = "PACK_20_CREDITS", quantity: int = 1) -> Purchase:
    purchase = started(offer, quantity)
    purchase.pay("pi_1", customer_id="cus_1", receipt=None)
    purchase.collect_events()
    return purchase


def happened(purchase: Purchase) -> list[str]:
    return [type(event).__name__ for event in purchase.collect_events()]


@pytest.mark.parametrize(
    ("offer", "credits", "amount"),
    [
        ("PAYG_IMAGE_CREDIT", 1, 1_00),
        ("PACK_20_CREDITS", 20, 18_00),
        ("PACK_50_CREDITS", 50, 40_00),
        ("PACK_100_CREDITS", 100, 75_00),
    ],
)
def test_offers_cost_what_they_cost(offer: str, credits: int, amount: int) -> None:
    purchase = started(offer, quantity=500)
    assert (purchase.credits, purchase.amount, purchase.currency) == (500 * credits, 500 * amount, "usd")
    assert OFFERS[offer].metadata == {
        "app": "stageinseconds",
        "type": offer,
        "credits_per_unit": str(credits),
    }


@pytest.mark.parametrize("quantity", [0, -1, 501])
def test_a_quantity_has_its_limits(quantity: int) -> None:
    with pytest.raises(QuantityOutOfRange):
        started(quantity=quantity)


def test_what_is_not_offered_cannot_be_bought() -> None:
    with pytest.raises(OfferUnknown):
        started("PACK_7_CREDITS")


def test_it_is_paid_once_and_by_one_payment() -> None:
    purchase = paid()
    purchase.pay("pi_1", customer_id="cus_1", receipt=None)
    assert happened(purchase) == []
    with pytest.raises(Conflict):
        purchase.pay("pi_2", customer_id="cus_1", receipt=None)


def test_a_declined_card_or_an_expired_checkout_does_not_keep_the_money_out() -> None:
    purchase = started()
    purchase.fail_payment("pi_1", "card_declined")
    purchase.fail_payment("pi_1", "card_declined")
    purchase.expire()
    purchase.pay("pi_1", customer_id=None, receipt=None)
    purchase.expire()
    assert happened(purchase) == ["CheckoutStarted", "PaymentFailed", "CheckoutExpired", "Paid"]
    assert purchase.status is PurchaseStatus.PAID


def test_money_that_does_not_fit_is_refused_and_never_becomes_a_payment() -> None:
    purchase = started()
    purchase.refuse_payment("pi_1", amount=1, currency="usd", mismatches=["amount"])
    purchase.refuse_payment("pi_1", amount=1, currency="usd", mismatches=["amount"])
    assert happened(purchase) == ["CheckoutStarted", "PaymentRefused"]
    with pytest.raises(Conflict):
        purchase.pay("pi_1", customer_id=None, receipt=None)
    with pytest.raises(NotPaid):
        purchase.refund("re_1", 1)


def test_a_dispute_that_is_lost_and_then_won_after_all_gives_back_what_it_took() -> None:
    purchase = paid()
    purchase.open_dispute("dp_1", 9_00)
    assert (purchase.disputed, purchase.net) == (True, 18_00)
    purchase.lose_dispute("dp_1")
    assert (purchase.disputed, purchase.net, purchase.reversed_credits) == (False, 9_00, 10)
    purchase.win_dispute("dp_1")
    purchase.win_dispute("dp_1")
    assert (purchase.net, purchase.reversed_credits) == (18_00, 0)
    assert happened(purchase) == ["DisputeOpened", "DisputeLost", "DisputeWon"]


def test_it_has_one_checkout_at_the_provider() -> None:
    purchase = started()
    purchase.open_session("cs_1")
    purchase.open_session("cs_1")
    assert (happened(purchase), purchase.session_id) == (["CheckoutStarted", "SessionOpened"], "cs_1")
    with pytest.raises(Conflict):
        purchase.open_session("cs_2")


def test_nothing_goes_back_of_what_never_came() -> None:
    purchase = started()
    with pytest.raises(NotPaid) as disputed:
        purchase.open_dispute("dp_1", 18_00)
    with pytest.raises(NotPaid) as refunded:
        purchase.refund("re_1", 18_00)
    assert disputed.value.args == refunded.value.args == (ID,)
    assert (purchase.net, happened(purchase)) == (0, ["CheckoutStarted"])


def test_a_payment_that_was_taken_is_not_refused_afterwards() -> None:
    purchase = paid()
    with pytest.raises(Conflict):
        purchase.refuse_payment("pi_1", amount=1, currency="usd", mismatches=["amount"])
    refused = started()
    refused.refuse_payment("pi_1", amount=1, currency="usd", mismatches=["amount"])
    with pytest.raises(Conflict):
        refused.refuse_payment("pi_2", amount=1, currency="usd", mismatches=["amount"])


def test_a_refund_of_another_amount_is_a_conflict() -> None:
    purchase = paid()
    purchase.refund("re_1", 9_00)
    with pytest.raises(Conflict):
        purchase.refund("re_1", 9_01)
    purchase.fail_refund("re_2")
    assert happened(purchase) == ["Refunded"]


def test_a_dispute_that_is_lost_twice_has_two_losses_of_different_names() -> None:
    purchase = paid()
    purchase.open_dispute("dp_1", 18_00)
    purchase.open_dispute("dp_1", 18_00)
    names = []
    for _ in range(2):
        purchase.lose_dispute("dp_1")
        purchase.lose_dispute("dp_1")
        names.append(purchase.disputes["dp_1"].loss_id("dp_1"))
        purchase.win_dispute("dp_1")
    assert names == ["dp_1", "dp_1/2"]
    _, first, _, second, _ = purchase.collect_events()
    assert isinstance(first, Purchase.DisputeLost)
    assert isinstance(second, Purchase.DisputeLost)
    assert (first.won_before, second.won_before) == (False, True)


def test_a_dispute_that_is_won_at_once_has_taken_nothing() -> None:
    purchase = paid()
    purchase.open_dispute("dp_1", 18_00)
    purchase.win_dispute("dp_1")
    (_, won) = purchase.collect_events()
    assert isinstance(won, Purchase.DisputeWon)
    assert (won.credits, won.lost_before, purchase.net) == (0, False, 18_00)


def test_a_warning_of_fraud_is_recorded_once() -> None:
    purchase = paid()
    purchase.warn_of_fraud("issfr_1")
    purchase.warn_of_fraud("issfr_1")
    assert happened(purchase) == ["FraudWarned"]


@given(
    credits=st.integers(1, 50_000),
    paid=st.integers(1, 10_000_000),
    parts=st.lists(st.integers(0, 3_000_000), max_size=6),
)
def test_credits_follow_the_money_whatever_order_it_goes_in(
    credits: int, paid: int, parts: list[int]
) -> None:
    whole = credits_for(credits, returned=sum(parts), paid=paid)
    assert 0 <= whole <= credits
    assert (whole == credits) == (sum(parts) >= paid)
    assert whole * paid <= credits * sum(parts), "never more than the money's share"


@given(amounts=st.lists(st.integers(1, 5_00), max_size=12), failing=st.sets(st.integers(0, 11)))
def test_refunds_add_up_and_failed_ones_do_not_count(amounts: list[int], failing: set[int]) -> None:
    purchase = paid()
    for number, amount in enumerate(amounts):
        purchase.refund(f"re_{number}", amount)
        purchase.refund(f"re_{number}", amount)
    for number in failing:
        purchase.fail_refund(f"re_{number}")
    standing = [amount for number, amount in enumerate(amounts) if number not in failing]
    assert purchase.refunded == sum(standing)
    moved = 0
    for event in purchase.collect_events():
        if isinstance(event, Purchase.Refunded):
            moved += event.credits
        elif isinstance(event, Purchase.RefundFailed):
            moved -= event.credits
    assert moved == purchase.reversed_credits == min(20, 20 * sum(standing) // 18_00)
