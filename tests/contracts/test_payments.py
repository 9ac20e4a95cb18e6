"""What purchases rely on, of the sandbox as of Stripe behind its own SDK."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import stripe

from application.payments import (
    About,
    NoticeOfOtherMode,
    NoticeOutOfTime,
    NoticeUnreadable,
    PriceState,
    SignatureInvalid,
    Subject,
)
from application.their_payments import Outcome, SessionStatus
from domain.offers import OFFERS
from infrastructure.payments.sandbox_till import PostgresTill
from infrastructure.postgres.database import Database
from tests.contracts.cashiers import SECRET, Counter, on_stripe, sandboxed
from tests.fakes.payments import MemoryTill
from tests.stripe_stand_in.server import StripeStandIn

MESSAGE = {
    "id": "evt_1",
    "object": "event",
    "type": "payout.paid",
    "created": 1,
    "livemode": False,
    "data": {"object": {"object": "payout", "id": "po_1"}},
}
A_WHILE_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture(params=["memory", "sandbox", "stripe"])
def counter(request: pytest.FixtureRequest) -> Iterator[Counter]:
    match request.param:
        case "memory":
            yield sandboxed(MemoryTill())
        case "sandbox":
            database = Database(request.getfixturevalue("database").app_url, size=4)
            database.open()
            yield sandboxed(PostgresTill(database))
            database.close()
        case _:
            with StripeStandIn().running() as stand_in, on_stripe(stand_in) as counter:
                yield counter


def signed(body: str, secret: str = SECRET, at: datetime | None = None) -> str:
    stamp = None if at is None else int(at.timestamp())
    header: str = stripe.WebhookSignature.generate_signature_header(body, secret, stamp)
    return header


def test_an_order_has_one_session_however_often_it_is_opened(counter: Counter) -> None:
    order = counter.order()
    first = counter.payments.open(order)
    assert first.url
    assert counter.payments.open(order) == first
    assert counter.payments.session(first.session_id) == first


def test_an_open_session_is_unpaid_and_tells_what_it_sells(counter: Counter) -> None:
    order = counter.order(offer="PACK_50_CREDITS", quantity=3)
    told = counter.payments.payment(counter.payments.open(order).session_id)
    assert (told.status, told.paid, told.payment_id) == (SessionStatus.OPEN, False, None)
    assert (told.offer, told.quantity, told.amount, told.currency) == ("PACK_50_CREDITS", 3, 120_00, "usd")
    assert (told.app, told.user_id, told.livemode) == ("stageinseconds", str(order.user_id), False)


def test_a_paid_session_has_a_payment_a_customer_and_a_receipt_and_no_page(counter: Counter) -> None:
    session_id = counter.paid()
    told = counter.payments.payment(session_id)
    assert (told.status, told.paid, told.net) == (SessionStatus.COMPLETE, True, 18_00)
    assert told.payment_id
    assert told.customer_id
    assert told.receipt
    assert told.receipt.text.startswith("https://")
    assert counter.payments.session(session_id).url is None


def test_a_slow_transfer_completes_a_session_before_it_is_paid(counter: Counter) -> None:
    session_id = counter.payments.open(counter.order()).session_id
    counter.cashier.pay_later(session_id)
    waiting = counter.payments.payment(session_id)
    assert (waiting.status, waiting.paid, waiting.failure) == (SessionStatus.COMPLETE, False, None)
    counter.cashier.arrive(session_id)
    assert counter.payments.payment(session_id).paid


def test_a_slow_transfer_may_never_arrive(counter: Counter) -> None:
    session_id = counter.payments.open(counter.order()).session_id
    counter.cashier.pay_later(session_id)
    counter.cashier.bounce(session_id)
    told = counter.payments.payment(session_id)
    assert (told.paid, told.failure) == (False, "payment_failed")


def test_a_declined_card_is_a_failure_until_another_one_is_charged(counter: Counter) -> None:
    session_id = counter.payments.open(counter.order()).session_id
    counter.cashier.decline(session_id)
    told = counter.payments.payment(session_id)
    assert (told.status, told.failure) == (SessionStatus.OPEN, "card_declined")
    assert told.payment_id
    counter.cashier.pay(session_id)
    told = counter.payments.payment(session_id)
    assert (told.paid, told.failure) == (True, None)


def test_a_session_that_nobody_paid_expires(counter: Counter) -> None:
    session = counter.payments.open(counter.order())
    counter.cashier.expire(session.session_id)
    assert counter.payments.payment(session.session_id).status is SessionStatus.EXPIRED
    assert counter.payments.session(session.session_id).url is None


def test_refunds_are_told_each_with_its_amount_and_those_that_failed(counter: Counter) -> None:
    session_id = counter.paid()
    first = counter.cashier.refund(session_id, 5_00)
    second = counter.cashier.refund(session_id, 3_00)
    counter.cashier.fail_refund(session_id, first)
    told = counter.payments.payment(session_id)
    assert {(one.refund_id, one.amount, one.failed) for one in told.refunds} == {
        (first, 5_00, True),
        (second, 3_00, False),
    }
    assert told.net == 15_00


def test_a_dispute_is_open_until_it_is_won_or_lost(counter: Counter) -> None:
    session_id = counter.paid()
    dispute_id = counter.cashier.dispute(session_id)
    (dispute,) = counter.payments.payment(session_id).disputes
    assert (dispute.dispute_id, dispute.amount, dispute.outcome) == (dispute_id, 18_00, Outcome.OPEN)
    counter.cashier.close_dispute(session_id, dispute_id, won=False)
    lost = counter.payments.payment(session_id)
    assert (lost.disputes[0].outcome, lost.net) == (Outcome.LOST, 0)
    counter.cashier.close_dispute(session_id, dispute_id, won=True)
    assert counter.payments.payment(session_id).disputes[0].outcome is Outcome.WON


def test_every_message_leads_to_its_purchase(counter: Counter) -> None:
    order = counter.order()
    session_id = counter.payments.open(order).session_id
    counter.cashier.decline(session_id)
    counter.cashier.pay(session_id)
    refund_id = counter.cashier.refund(session_id, 1_00)
    counter.cashier.fail_refund(session_id, refund_id)
    dispute_id = counter.cashier.dispute(session_id)
    counter.cashier.close_dispute(session_id, dispute_id, won=True)
    counter.cashier.warn(session_id)
    now = datetime.now(UTC)
    notices = [counter.payments.authenticated(body.encode(), signed(body), now) for body in counter.told()]
    assert len(notices) >= 8
    for notice in notices:
        about = counter.payments.about(notice)
        assert about, notice.type
        found = counter.payments.find(about)
        assert found, notice.type
        assert (found.session_id, found.purchase_id) == (session_id, order.purchase_id)
        assert bool(about.fraud_warning) == notice.type.startswith("radar")


def test_what_is_about_nothing_that_was_ever_sold_leads_nowhere(counter: Counter) -> None:
    body = json.dumps(MESSAGE)
    notice = counter.payments.authenticated(body.encode(), signed(body), datetime.now(UTC))
    assert counter.payments.about(notice) is None
    assert counter.payments.find(About(Subject.PAYMENT, "pi_nobody_knows")) is None


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({}, NoticeUnreadable),
        ([], NoticeUnreadable),
        ("a text", NoticeUnreadable),
        (MESSAGE | {"object": "v2.core.event"}, NoticeUnreadable),
        (MESSAGE | {"created": 1e99}, NoticeUnreadable),
        (MESSAGE | {"id": None}, NoticeUnreadable),
        (MESSAGE | {"livemode": True}, NoticeOfOtherMode),
    ],
)
def test_a_signed_body_that_is_no_message_for_us_is_refused(
    counter: Counter, told: Any, error: type[Exception]
) -> None:
    body = json.dumps(told)
    with pytest.raises(error):
        counter.payments.authenticated(body.encode(), signed(body), datetime.now(UTC))


def test_a_message_counts_only_with_a_fresh_signature_of_ours_over_its_very_bytes(counter: Counter) -> None:
    counter.paid()
    body = counter.told()[0]
    now = datetime.now(UTC)
    good = signed(body)
    assert counter.payments.authenticated(body.encode(), good, now).payload.text == body
    for bad in ("", "t=,v1=", "t=x,v1=y", good.replace("v1=", "v0="), signed(body, "whsec_somebody_elses")):
        with pytest.raises(SignatureInvalid):
            counter.payments.authenticated(body.encode(), bad, now)
    with pytest.raises(SignatureInvalid):
        counter.payments.authenticated(body.encode() + b" ", good, now)
    with pytest.raises(SignatureInvalid):
        counter.payments.authenticated(b"\xff\xfe", good, now)
    for offset in (timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=3650)):
        with pytest.raises(NoticeOutOfTime):
            counter.payments.authenticated(body.encode(), signed(body, at=now + offset), now)
    for offset in (timedelta(minutes=-4), timedelta(minutes=4)):
        counter.payments.authenticated(body.encode(), signed(body, at=now + offset), now)


def test_lists_tell_our_sessions_the_payments_that_changed_and_every_message(counter: Counter) -> None:
    quiet = counter.order()
    counter.payments.open(quiet)
    busy = counter.order()
    session_id = counter.paid(busy)
    counter.cashier.refund(session_id, 1_00)
    sessions = {found.purchase_id for found in counter.payments.sessions_since(A_WHILE_AGO)}
    assert sessions == {quiet.purchase_id, busy.purchase_id}
    changed = [counter.payments.find(about) for about in counter.payments.changes_since(A_WHILE_AGO)]
    assert {found.purchase_id for found in changed if found} == {busy.purchase_id}
    types = {notice.type for notice in counter.payments.notices_since(A_WHILE_AGO)}
    assert {"checkout.session.completed", "refund.created"} <= types


def test_a_customer_comes_back_and_has_a_portal(counter: Counter) -> None:
    customer = counter.payments.payment(counter.paid()).customer_id
    again = counter.paid(counter.order(customer=customer))
    assert counter.payments.payment(again).customer_id == customer
    assert customer
    assert counter.payments.portal(customer, "https://stage.test/billing").startswith("https://")


def test_the_prices_are_those_of_our_table(counter: Counter) -> None:
    reports = counter.payments.sync_offers(create=False)
    assert [(one.offer, one.state) for one in reports] == [(key, PriceState.SOUND) for key in OFFERS]


def test_another_purchase_has_another_session(counter: Counter) -> None:
    order = counter.order()
    first = counter.payments.open(order)
    assert counter.payments.open(replace(order, purchase_id=uuid4())).session_id != first.session_id


def test_a_checkout_that_is_ended_cannot_be_paid_and_one_that_is_over_stays_as_it_ended(
    counter: Counter,
) -> None:
    session_id = counter.payments.open(counter.order()).session_id
    for _ in range(2):
        counter.payments.end(session_id)
    assert counter.payments.payment(session_id).status is SessionStatus.EXPIRED
    paid = counter.paid()
    counter.payments.end(paid)
    assert counter.payments.payment(paid).paid


def test_a_customer_who_is_forgotten_leaves_the_payment_as_it_was(counter: Counter) -> None:
    session_id = counter.paid()
    customer = counter.payments.payment(session_id).customer_id
    assert customer
    for _ in range(2):
        counter.payments.forget(customer)
    counter.cashier.refund(session_id, 1_00)
    told = counter.payments.payment(session_id)
    assert (told.paid, told.net) == (True, 17_00)
