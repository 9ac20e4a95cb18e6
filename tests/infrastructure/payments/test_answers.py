"""What Stripe may answer otherwise than usual, by version, by account or by chance: read right, or refused."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from application.payments import About, NothingBought, PriceState, Subject
from application.their_payments import Outcome, SessionStatus
from infrastructure.payments import reading
from infrastructure.payments.notices import SignedNotices, about
from infrastructure.payments.stripe_payments import StripePayments
from tests.contracts.cashiers import SECRET, an_order, stripe_payments
from tests.stripe_stand_in.server import StripeStandIn

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def stand_in() -> Iterator[StripeStandIn]:
    with StripeStandIn().running() as stand_in:
        yield stand_in


@pytest.fixture
def payments(stand_in: StripeStandIn) -> Iterator[StripePayments]:
    payments = stripe_payments(stand_in)
    payments.sync_offers(create=True)
    yield payments
    payments.close()


def paid(stand_in: StripeStandIn, payments: StripePayments, **order: Any) -> str:
    session_id = payments.open(an_order(**order)).session_id
    stand_in.book.pay(session_id)
    return session_id


@pytest.mark.parametrize("expanding", ["everything", "nothing"])
def test_objects_are_read_whether_they_come_whole_or_by_their_ids(
    stand_in: StripeStandIn, payments: StripePayments, expanding: str
) -> None:
    stand_in.expanding = expanding
    order = an_order(quantity=2)
    session_id = payments.open(order).session_id
    stand_in.book.pay(session_id)
    stand_in.book.refund(session_id, 6_00)
    intent = stand_in.book.objects[session_id]["payment_intent"]
    told = payments.payment(session_id)
    assert (told.offer, told.quantity, told.paid, told.net) == ("PACK_20_CREDITS", 2, True, 30_00)
    assert told.payment_id == intent
    assert told.customer_id == stand_in.book.objects[session_id]["customer"]
    assert told.receipt
    assert told.contradictions == ()
    found = payments.find(About(Subject.PAYMENT, intent))
    assert found
    assert (found.session_id, found.purchase_id) == (session_id, order.purchase_id)


def test_a_payment_without_a_charge_to_be_seen_has_no_receipt(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    session_id = paid(stand_in, payments)
    intent = stand_in.book.objects[stand_in.book.objects[session_id]["payment_intent"]]
    for latest in (None, "ch_nobody_has"):
        intent["latest_charge"] = latest
        stand_in.expanding = "nothing"
        told = payments.payment(session_id)
        assert (told.paid, told.receipt) == (True, None)


def test_a_declined_card_is_found_though_its_session_does_not_know_the_payment_yet(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    order = an_order()
    session_id = payments.open(order).session_id
    stand_in.book.decline(session_id)
    session = stand_in.book.objects[session_id]
    intent, session["payment_intent"] = session["payment_intent"], None
    found = payments.find(About(Subject.PAYMENT, intent))
    assert found
    assert (found.purchase_id, found.session_id, found.payment_id) == (order.purchase_id, None, intent)
    told = payments.payment(session_id, found.payment_id)
    assert (told.paid, told.failure, told.over) == (False, "card_declined", False)


def test_a_payment_that_failed_before_it_succeeded_is_paid_and_has_the_receipt_of_what_succeeded(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    session_id = payments.open(an_order()).session_id
    stand_in.book.decline(session_id)
    stand_in.book.pay(session_id)
    intent = stand_in.book.objects[stand_in.book.objects[session_id]["payment_intent"]]
    intent["last_payment_error"] = {"code": "card_declined"}
    told = payments.payment(session_id)
    assert (told.paid, told.failure, told.over) == (True, None, False)
    assert told.receipt


@pytest.mark.parametrize(
    ("what", "lie"),
    [
        ("amount", {"amount": 17_00, "amount_received": 17_00}),
        ("amount", {"amount_received": 17_00}),
        ("currency", {"currency": "eur"}),
        ("livemode", {"livemode": True}),
        ("app", {"metadata": {"app": "another"}}),
        ("user", {"metadata": {"app": "stageinseconds", "user_id": str(uuid4())}}),
        ("purchase", {"metadata": {"purchase_id": str(uuid4())}}),
    ],
)
def test_a_payment_that_is_not_what_its_session_says_contradicts_it(
    stand_in: StripeStandIn, payments: StripePayments, what: str, lie: dict[str, Any]
) -> None:
    session_id = paid(stand_in, payments)
    stand_in.book.objects[stand_in.book.objects[session_id]["payment_intent"]].update(lie)
    assert payments.payment(session_id).contradictions == (what,)


@pytest.mark.parametrize(
    "metadata",
    [
        {"app": "another", "type": "PACK_20_CREDITS", "credits_per_unit": "20"},
        {"app": "stageinseconds", "type": "PACK_20_CREDITS", "credits_per_unit": "2000"},
        {"app": "stageinseconds", "type": "PACK_5000_CREDITS", "credits_per_unit": "20"},
    ],
)
def test_what_a_price_says_about_itself_that_no_offer_says_was_not_sold(
    stand_in: StripeStandIn, payments: StripePayments, metadata: dict[str, str]
) -> None:
    session_id = paid(stand_in, payments)
    price = next(one for one in stand_in.book.of("price") if one["lookup_key"] == "PACK_20_CREDITS")
    price["metadata"] = metadata
    assert payments.payment(session_id).offer == ""


def test_a_session_whose_reference_is_another_purchase_contradicts_itself(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    session_id = paid(stand_in, payments)
    stand_in.book.objects[session_id]["client_reference_id"] = str(uuid4())
    assert payments.payment(session_id).contradictions == ("purchase",)


@pytest.mark.parametrize("status", ["pending", "requires_action", "succeeded", None, "of_next_year"])
def test_a_refund_counts_until_it_is_said_to_have_failed(status: str | None) -> None:
    assert not reading.refund({"id": "re_1", "amount": 5, "status": status}).failed


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_failed_or_was_called_off_does_not_count(status: str) -> None:
    assert reading.refund({"id": "re_1", "amount": 5, "status": status}).failed


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("needs_response", Outcome.OPEN),
        ("under_review", Outcome.OPEN),
        ("of_next_year", Outcome.OPEN),
        (None, Outcome.OPEN),
        ("warning_needs_response", Outcome.INQUIRY),
        ("warning_under_review", Outcome.INQUIRY),
        ("warning_closed", Outcome.WON),
        ("charge_refunded", Outcome.WON),
        ("prevented", Outcome.WON),
        ("won", Outcome.WON),
        ("lost", Outcome.LOST),
    ],
)
def test_a_dispute_is_open_unless_its_status_says_that_it_is_over(
    status: str | None, outcome: Outcome
) -> None:
    assert reading.dispute({"id": "du_1", "amount": 5, "status": status}).outcome is outcome


def test_several_disputes_of_one_payment_are_all_told(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    session_id = paid(stand_in, payments)
    first = stand_in.book.dispute(session_id, 9_00)
    second = stand_in.book.dispute(session_id, 4_00)
    stand_in.book.close_dispute(session_id, first, won=False)
    told = payments.payment(session_id)
    assert {(one.dispute_id, one.outcome) for one in told.disputes} == {
        (first, Outcome.LOST),
        (second, Outcome.OPEN),
    }
    assert told.net == 9_00


@pytest.mark.parametrize("status", [None, "of_next_year"])
def test_a_session_in_a_state_that_nobody_knows_ends_nothing(
    stand_in: StripeStandIn, payments: StripePayments, status: str | None
) -> None:
    session_id = payments.open(an_order()).session_id
    stand_in.book.objects[session_id]["status"] = status
    told = payments.payment(session_id)
    assert (told.status, told.paid, told.over) == (SessionStatus.OPEN, False, False)


def test_a_transfer_that_never_arrived_ends_its_checkout(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    session_id = payments.open(an_order()).session_id
    stand_in.book.pay_later(session_id)
    assert not payments.payment(session_id).over
    stand_in.book.bounce(session_id)
    assert payments.payment(session_id).over


def test_lists_of_sessions_messages_and_changes_are_read_to_their_end(
    stand_in: StripeStandIn, payments: StripePayments
) -> None:
    stand_in.longest_page = 4
    orders = [an_order() for _ in range(9)]
    for order in orders:
        session_id = payments.open(order).session_id
        stand_in.book.pay(session_id)
        stand_in.book.refund(session_id, 1_00)
    assert {one.purchase_id for one in payments.sessions_since(HOUR_AGO)} == {
        one.purchase_id for one in orders
    }
    assert len(list(payments.changes_since(HOUR_AGO))) == 9
    types = [one.type for one in payments.notices_since(HOUR_AGO)]
    assert types.count("checkout.session.completed") == 9


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"object": "refund", "payment_intent": {"id": "pi_1"}}, About(Subject.PAYMENT, "pi_1")),
        ({"object": "refund", "payment_intent": None, "charge": "ch_1"}, About(Subject.CHARGE, "ch_1")),
        ({"object": "dispute", "charge": {"id": "ch_1"}}, About(Subject.CHARGE, "ch_1")),
        ({"object": "charge", "id": "ch_1"}, About(Subject.CHARGE, "ch_1")),
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, About(Subject.PAYMENT, "pi_1")),
        (
            {"object": "radar.early_fraud_warning", "id": "issfr_1", "charge": "ch_1"},
            About(Subject.CHARGE, "ch_1", "issfr_1"),
        ),
        ({"object": "refund"}, None),
        ({"object": "of_next_year", "id": "x_1"}, None),
        ({}, None),
    ],
)
def test_a_message_leads_to_its_payment_by_whatever_it_tells(told: Any, expected: About | None) -> None:
    body = {"id": "evt_1", "object": "event", "type": "any", "created": 1, "livemode": False}
    notice = SignedNotices([SECRET], livemode=False).read(json.dumps({**body, "data": {"object": told}}))
    assert about(notice) == expected
    assert notice.api_version == "unknown"


def test_a_customer_who_was_deleted_at_stripe_has_no_portal(payments: StripePayments) -> None:
    with pytest.raises(NothingBought):
        payments.portal("cus_deleted", "https://stage.test/billing")


@pytest.mark.parametrize(
    ("drift", "shown"),
    [
        ({"transform_quantity": {"divide_by": 10, "round": "up"}}, "transform_quantity"),
        ({"product": {"id": "prod_1", "object": "product", "active": False}}, "product.active"),
        ({"product": {"id": "prod_1", "object": "product", "deleted": True}}, "product.active"),
    ],
)
def test_a_price_that_would_sell_otherwise_or_not_at_all_has_drifted(
    stand_in: StripeStandIn, payments: StripePayments, drift: dict[str, Any], shown: str
) -> None:
    price = next(one for one in stand_in.book.of("price") if one["lookup_key"] == "PACK_20_CREDITS")
    price.update(drift)
    (report,) = [one for one in payments.sync_offers(create=False) if one.offer == "PACK_20_CREDITS"]
    assert report.state is PriceState.DRIFTED
    assert [one.partition(" is ")[0] for one in report.differences] == [shown]
