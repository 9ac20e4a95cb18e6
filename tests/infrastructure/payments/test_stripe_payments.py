"""StripePayments when Stripe is slow, busy, broken or strict: nothing is created twice, and all is told apart."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import stripe

from application.payments import About, OfferUnavailable, PaymentsAway, PriceState, Subject
from application.stagers import RetryLater
from domain.errors import Conflict
from infrastructure.payments.notices import SignedNotices
from infrastructure.payments.stripe_payments import API_VERSION, StripePayments
from tests.contracts.cashiers import SECRET, an_order, stripe_payments
from tests.stripe_stand_in.server import KEY, Fault, StripeStandIn


@pytest.fixture
def stand_in() -> Iterator[StripeStandIn]:
    with StripeStandIn().running() as stand_in:
        yield stand_in


@pytest.fixture
def payments(stand_in: StripeStandIn) -> Iterator[StripePayments]:
    payments = stripe_payments(stand_in, timeout=0.5)
    payments.sync_offers(create=True)
    stand_in.calls.clear()
    yield payments
    payments.close()


def created(stand_in: StripeStandIn) -> int:
    return len(stand_in.book.of("checkout.session"))


def test_a_checkout_says_who_buys_what_in_the_session_and_in_its_payment(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    order = an_order(quantity=3)
    payments.open(order)
    (call,) = [one for one in stand_in.calls if one.method == "POST"]
    metadata = {
        "app": "stageinseconds",
        "purchase_id": str(order.purchase_id),
        "user_id": str(order.user_id),
        "offer": "PACK_20_CREDITS",
        "quantity": "3",
        "request_id": "request-1",
    }
    assert call.idempotency_key == f"checkout-{order.purchase_id}"
    assert call.parameters["metadata"] == call.parameters["payment_intent_data"]["metadata"] == metadata
    assert call.parameters["client_reference_id"] == str(order.purchase_id)
    assert call.parameters["expires_at"] == str(int(order.expires_at.timestamp()))
    off = {"enabled": "false"}
    assert call.parameters["automatic_tax"] == call.parameters["adaptive_pricing"] == off
    assert call.parameters["allow_promotion_codes"] == "false"
    assert "discounts" not in call.parameters


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=500, after=True, method="POST"),
        Fault(status=0, after=True, method="POST"),
        Fault(status=0),
        Fault(status=409, method="POST"),
        Fault(status=503, html=True),
    ],
    ids=["broken", "broken after it was done", "answer lost", "no answer", "locked", "a proxy's page"],
)
def test_one_failure_is_got_over_and_creates_nothing_twice(
    stand_in: StripeStandIn, payments: StripePayments, fault: Fault
) -> None:
    stand_in.faults.append(fault)
    session = payments.open(an_order())
    assert session.url
    assert stand_in.faults == []
    assert created(stand_in) == 1


def test_an_order_whose_answer_never_came_is_the_same_checkout_when_it_is_repeated(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    order = an_order()
    stand_in.faults.append(Fault(status=0, after=True, times=3, method="POST"))
    with pytest.raises(PaymentsAway):
        payments.open(order)
    assert payments.open(order).url
    assert created(stand_in) == 1


def test_a_stripe_that_hangs_is_not_waited_for(stand_in: StripeStandIn, payments: StripePayments) -> None:
    let_go = threading.Event()
    stand_in.faults.append(Fault(status=0, times=3, hangs=let_go))
    with pytest.raises(PaymentsAway):
        payments.session("cs_test_000001")
    let_go.set()


def test_a_stripe_that_is_busy_says_when_to_come_back(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    stand_in.faults += [Fault(status=429, headers={"Retry-After": "7"}), Fault(status=429)]
    for seconds in (7, 2):
        with pytest.raises(RetryLater) as later:
            payments.session("cs_test_000001")
        assert later.value.delay == timedelta(seconds=seconds)
    assert stand_in.calls == [], "nothing was tried again at once"


def test_a_page_where_json_should_be_is_a_stripe_that_is_away(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    stand_in.faults.append(Fault(status=200, html=True))
    with pytest.raises(PaymentsAway):
        payments.session("cs_test_000001")


def test_another_order_for_the_same_purchase_is_a_conflict(payments: StripePayments) -> None:
    order = an_order()
    payments.open(order)
    with pytest.raises(Conflict):
        payments.open(replace(order, quantity=2))


def test_what_is_our_own_mistake_is_not_called_an_outage(stand_in: StripeStandIn) -> None:
    nobody = StripePayments("sk_test_wrong", SignedNotices([SECRET], livemode=False), api=stand_in.url)
    with pytest.raises(stripe.AuthenticationError):
        nobody.sync_offers(create=False)
    nobody.close()


@pytest.mark.parametrize(
    "drift",
    [
        {"unit_amount": 1},
        {"currency": "eur"},
        {"metadata": {}},
        {"metadata": {"app": "another", "type": "PACK_20_CREDITS", "credits_per_unit": "20"}},
        {"metadata": {"app": "stageinseconds", "type": "PACK_20_CREDITS", "credits_per_unit": "2000"}},
        {"type": "recurring"},
        {"active": False},
    ],
)
def test_a_price_that_is_not_what_we_offer_is_sold_to_nobody(
    stand_in: StripeStandIn, payments: StripePayments, drift: dict[str, object]
) -> None:
    price = next(one for one in stand_in.book.of("price") if one["lookup_key"] == "PACK_20_CREDITS")
    price.update(drift)
    with pytest.raises(OfferUnavailable):
        payments.open(an_order())
    assert created(stand_in) == 0
    report = next(one for one in payments.sync_offers(create=False) if one.offer == "PACK_20_CREDITS")
    assert report.state in (PriceState.DRIFTED, PriceState.MISSING)


def test_a_customer_who_was_deleted_at_stripe_can_buy_again_as_a_new_one(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    order = an_order(customer="cus_deleted")
    session = payments.open(order)
    assert payments.open(order) == session
    stand_in.book.pay(session.session_id)
    assert payments.payment(session.session_id).customer_id not in (None, "cus_deleted")


def test_a_bank_that_only_asks_takes_nothing(stand_in: StripeStandIn, payments: StripePayments) -> None:
    session_id = payments.open(an_order()).session_id
    stand_in.book.pay(session_id)
    stand_in.book.inquire(session_id)
    told = payments.payment(session_id)
    assert (told.net, told.disputes[0].outcome) == (18_00, "inquiry")


def test_sessions_of_other_apps_are_none_of_ours(stand_in: StripeStandIn, payments: StripePayments) -> None:
    session_id = payments.open(an_order()).session_id
    stand_in.book.pay(session_id)
    intent = stand_in.book.objects[session_id]["payment_intent"]
    stand_in.book.objects[session_id]["metadata"] = {"app": "another"}
    assert payments.find(About(Subject.SESSION, session_id)) is None
    assert payments.find(About(Subject.PAYMENT, intent)) is None
    assert payments.find(About(Subject.SESSION, "cs_test_nobody")) is None
    assert payments.find(About(Subject.CHARGE, "ch_nobody")) is None
    assert list(payments.sessions_since(datetime.now(UTC) - timedelta(hours=1))) == []


def test_long_lists_are_read_to_their_end(stand_in: StripeStandIn, payments: StripePayments) -> None:
    session_id = payments.open(an_order(quantity=20)).session_id
    stand_in.book.pay(session_id)
    for _ in range(230):
        stand_in.book.refund(session_id, 1)
    assert len(payments.payment(session_id).refunds) == 230


def test_nothing_is_sent_about_us_and_the_version_is_pinned(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    payments.sync_offers(create=False)
    assert stripe.enable_telemetry is False
    assert {headers.get("Stripe-Version") for headers in stand_in.headers} == {API_VERSION}
    assert all("X-Stripe-Client-Telemetry" not in headers for headers in stand_in.headers)
    assert all(KEY in headers["Authorization"] for headers in stand_in.headers)


def test_a_session_for_nobody_is_not_found(payments: StripePayments) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        payments.session(f"cs_{uuid4().hex}")
