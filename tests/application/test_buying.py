"""Buying: one purchase, one checkout, and what is granted fits what was paid."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.comparing import Expire, FailPayment, Refund, mismatches
from application.payments import (
    Found,
    NothingBought,
    OfferUnavailable,
    Order,
    Payments,
    PaymentsAway,
    Session,
)
from application.purchases import CheckoutOver, ReturnPathRefused
from application.stagers import RetryLater
from application.their_payments import TheirPayment
from domain.errors import Conflict
from domain.purchase import PurchaseStatus
from domain.user import User
from tests.application.people import ANN, BOB, register
from tests.application.shop import Shop
from tests.fakes.clock import START

ID = UUID(int=99)


class Through:
    """Payments that pass everything on, for tests that have something else happen at one point."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._payments, name)


class Saying(Through):
    """Tells other things about a payment than the provider does."""

    def __init__(self, payments: Payments, **lies: Any) -> None:
        super().__init__(payments)
        self._lies = lies

    def payment(self, session_id: str, payment_id: str | None = None) -> TheirPayment:
        return replace(self._payments.payment(session_id, payment_id), **self._lies)


class Failing(Through):
    """Opens a checkout, whose answer is then lost."""

    def __init__(self, payments: Payments, error: Exception) -> None:
        super().__init__(payments)
        self._errors = [error]

    def open(self, order: Order) -> Session:
        session = self._payments.open(order)
        if self._errors:
            raise self._errors.pop()
        return session


class Interrupted(Through):
    """Lets something happen between the moment that it looks at a payment and the moment that it answers."""

    def __init__(self, payments: Payments) -> None:
        super().__init__(payments)
        self.meanwhile: list[Any] = []
        self.looks = 0

    def payment(self, session_id: str, payment_id: str | None = None) -> TheirPayment:
        told = self._payments.payment(session_id, payment_id)
        self.looks += 1
        if self.meanwhile:
            self.meanwhile.pop()()
        return told


def using(shop: Shop, payments: Any) -> Any:
    """The shop's purchases with other payments."""
    return replace(shop.program.purchases, payments=payments)


def start(purchases: Any, **other: Any) -> Session:
    wanted: dict[str, Any] = {
        "user_id": ANN,
        "offer": "PACK_20_CREDITS",
        "quantity": 1,
        "return_path": "/billing",
    }
    session: Session = purchases.start(ID, **{**wanted, **other})
    return session


def test_a_repeated_order_is_the_same_checkout_and_another_one_under_its_id_a_conflict() -> None:
    shop = Shop()
    assert start(shop.program.purchases) == start(shop.program.purchases)
    register(shop.program, BOB, "bob@example.com")
    for other in ({"quantity": 2}, {"offer": "PACK_50_CREDITS"}, {"user_id": BOB}):
        with pytest.raises(Conflict):
            start(shop.program.purchases, **other)
    assert shop.named("Purchase.CheckoutStarted") == 1


def test_an_answer_that_was_lost_is_asked_for_again_with_the_very_same_order() -> None:
    shop = Shop()
    purchases = using(shop, Failing(shop.program.payments, RetryLater(timedelta(seconds=1))))
    with pytest.raises(RetryLater):
        start(purchases)
    assert shop.purchase(ID).session_id is None
    session = start(purchases)
    assert shop.purchase(ID).session_id == session.session_id
    assert len(shop.program.sandbox.till.of_customer(f"cus_sandbox_{ANN.hex}")) == 1


def test_a_checkout_that_was_never_opened_is_not_opened_when_it_is_nearly_over() -> None:
    shop = Shop()
    purchases = using(shop, Failing(shop.program.payments, OfferUnavailable("PACK_20_CREDITS", [])))
    with pytest.raises(OfferUnavailable):
        start(purchases)
    shop.program.clock.pass_by(timedelta(hours=11, minutes=30))
    with pytest.raises(CheckoutOver):
        start(purchases)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "billing",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/billing#//evil",
        "/billing\r\nLocation: x",
        "/é",
        "/a//b",
        "/.//evil.example",
        "/a/../b",
        "/..?x=1",
        "/%2f%2Fevil.example",
        "/%5Cevil.example",
        "/%252f%252fevil.example",
        "/%2e%2e/b",
        "/%09/evil.example",
        "/a%",
        "/{CHECKOUT_SESSION_ID}",
        "/" + "a" * 500,
    ],
)
def test_a_browser_returns_to_a_path_of_ours_and_nowhere_else(path: str) -> None:
    shop = Shop()
    with pytest.raises(ReturnPathRefused):
        start(shop.program.purchases, return_path=path)
    with pytest.raises(ReturnPathRefused):
        shop.program.purchases.portal("cus_1", path)
    assert shop.named("Purchase.CheckoutStarted") == 0


@pytest.mark.parametrize(
    "path", ["/", "/billing", "/a/b?c=d&e=%2F%2Fevil", "/@ann", "/a/b.c/", "/caf%C3%A9%20x"]
)
def test_paths_of_ours_are_taken_whole(path: str) -> None:
    shop = Shop()
    start(shop.program.purchases, return_path=path)
    (payment,) = shop.program.sandbox.till.of_customer(f"cus_sandbox_{ANN.hex}")
    assert payment.success_url.startswith(f"https://stage.test{path}")
    assert payment.success_url.endswith(f"checkout={ID}&outcome=paid")


def test_who_never_bought_anything_has_no_portal() -> None:
    with pytest.raises(NothingBought):
        Shop().program.purchases.portal(None, "/billing")


@pytest.mark.parametrize(
    ("what", "lie"),
    [
        ("app", {"app": "another app"}),
        ("user", {"user_id": str(BOB)}),
        ("price", {"offer": "PACK_100_CREDITS"}),
        ("quantity", {"quantity": 2}),
        ("amount", {"amount": 1}),
        ("currency", {"currency": "jpy"}),
        ("livemode", {"livemode": True}),
    ],
)
def test_a_payment_that_does_not_fit_is_recorded_and_grants_nothing(what: str, lie: dict[str, Any]) -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    purchases = using(shop, Saying(shop.program.payments, **lie))
    purchases.look_at(Found(session_id, purchase_id))
    looked = purchases.look_at(Found(session_id, purchase_id))
    purchase = shop.purchase(purchase_id)
    assert (purchase.status, purchase.mismatches) == (PurchaseStatus.REFUSED, [what])
    assert looked.recorded == ()
    assert (shop.named("CreditLedger.Granted"), shop.named("Purchase.PaymentRefused")) == (0, 1)


def test_what_fits_has_no_mismatches() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    assert mismatches(shop.program.payments.payment(session_id), shop.purchase(purchase_id)) == ()


def test_what_was_fetched_before_somebody_else_recorded_is_thrown_away() -> None:
    """Fetched: paid. Meanwhile: refunded, and that is recorded. Then the older answer arrives."""
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    found = Found(session_id, purchase_id)
    shop.program.sandbox.pay(session_id)
    payments = Interrupted(shop.program.payments)

    def refund() -> None:
        shop.program.sandbox.refund(session_id, 9_00)
        assert shop.program.purchases.look_at(found)

    payments.meanwhile.append(refund)
    looked = using(shop, payments).look_at(found)
    assert payments.looks == 2, "it looked again"
    assert (looked.recorded, looked.purchase.refunded) == ((), 9_00)
    assert shop.balance().available == 10


def test_a_refund_fetched_together_with_its_payment_is_recorded_after_it() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    shop.program.sandbox.refund(session_id, 9_00)
    looked = shop.program.purchases.look_at(Found(session_id, purchase_id))
    assert looked
    assert [type(one).__name__ for one in looked.recorded] == ["Pay", "Refund"]
    assert isinstance(looked.recorded[1], Refund)


def test_somebody_who_was_erased_still_gets_what_they_paid_for_recorded() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    user = shop.program.store.get(User, ANN)
    user.erase()
    shop.program.store.save(user)
    looked = shop.program.purchases.look_at(Found(session_id, purchase_id))
    assert looked
    assert looked.purchase.paid
    (paid,) = [one.event for one in shop.program.world.log if one.name == "Purchase.Paid"]
    assert paid.receipt is None


def test_a_purchase_that_nobody_knows_is_left_alone() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    assert shop.program.purchases.look_at(Found(session_id, UUID(int=12345))) is None


def test_another_session_that_names_a_purchase_is_not_its_checkout() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    _, other_session = shop.checkout()
    shop.program.sandbox.pay(other_session)
    assert shop.program.purchases.look_at(Found(other_session, purchase_id)) is None
    assert not shop.purchase(purchase_id).paid


def test_a_payment_whose_session_is_not_told_is_looked_up_by_the_purchases_own() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.decline(session_id)
    looked = shop.program.purchases.look_at(Found(None, purchase_id, "pi_1"))
    assert looked
    assert [type(one) for one in looked.recorded] == [FailPayment]


def test_a_session_that_we_were_cut_off_from_is_known_once_its_payment_is_looked_at() -> None:
    shop = Shop()
    purchases = using(shop, Failing(shop.program.payments, PaymentsAway()))
    with pytest.raises(PaymentsAway):
        start(purchases)
    (session_id,) = [one.session_id for one in shop.program.sandbox.till.since(START)]
    assert shop.purchase(ID).session_id is None
    shop.program.sandbox.pay(session_id)
    assert shop.program.purchases.look_at(Found(None, ID, "pi_1")) is None
    assert shop.program.purchases.look_at(Found(session_id, ID))
    assert (shop.purchase(ID).session_id, shop.purchase(ID).paid) == (session_id, True)


def test_a_payment_that_contradicts_its_session_grants_nothing() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    lying = using(shop, Saying(shop.program.payments, contradictions=("amount", "purchase"), currency="eur"))
    assert lying.look_at(Found(session_id, purchase_id))
    assert shop.purchase(purchase_id).mismatches == ["currency", "amount", "purchase"]
    assert shop.balance().available == 0


def test_a_transfer_that_never_arrives_ends_the_checkout_once() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay_later(session_id)
    shop.program.sandbox.bounce(session_id)
    looked = [shop.program.purchases.look_at(Found(session_id, purchase_id)) for _ in range(2)]
    assert [[type(one) for one in each.recorded] for each in looked if each] == [[FailPayment, Expire], []]
    assert shop.purchase(purchase_id).status is PurchaseStatus.EXPIRED
