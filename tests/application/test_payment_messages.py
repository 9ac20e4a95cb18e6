"""Whatever the order of Stripe's messages, and however often each comes, the ledger ends the same."""

from collections.abc import Callable, Sequence
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.comparing import difference
from application.crediting import credit
from application.their_payments import TheirPayment
from domain.credit_ledger import CreditLedger
from domain.purchase import Purchase
from infrastructure.payments.sandbox_payments import SandboxPayments
from tests.application.people import ANN, provenance, submit, upload
from tests.application.shop import Balance, Shop, balance
from tests.fakes.clock import START

Act = Callable[[SandboxPayments, str], object]
"""Something that happens to a payment; the messages that it makes are counted."""


def partial_refund(payments: SandboxPayments, session_id: str) -> None:
    payments.refund(session_id, 5_40)


def dispute(payments: SandboxPayments, session_id: str) -> None:
    payments.dispute(session_id)


def win(payments: SandboxPayments, session_id: str) -> None:
    payments.close_dispute(session_id, only_dispute(payments, session_id), won=True)


def lose(payments: SandboxPayments, session_id: str) -> None:
    payments.close_dispute(session_id, only_dispute(payments, session_id), won=False)


def fail_refund(payments: SandboxPayments, session_id: str) -> None:
    (refund,) = payments.payment(session_id).refunds
    payments.fail_refund(session_id, refund.refund_id)


def only_dispute(payments: SandboxPayments, session_id: str) -> str:
    (found,) = payments.payment(session_id).disputes
    return found.dispute_id


STORIES: dict[str, tuple[Sequence[Act], Balance]] = {
    "reinstated": ([SandboxPayments.pay, partial_refund, dispute, win], Balance(14, 0, 0, 0, 0)),
    "lost": ([SandboxPayments.pay, partial_refund, dispute, lose], Balance(0, 0, 0, 0, 0)),
    "lost, then reinstated": (
        [SandboxPayments.pay, partial_refund, dispute, lose, win],
        Balance(14, 0, 0, 0, 0),
    ),
    "refund failed": (
        [SandboxPayments.pay, partial_refund, dispute, win, fail_refund],
        Balance(20, 0, 0, 0, 0),
    ),
}
"""What happens, and where the 20 credits are in the end: $5.40 of $18.00 are six of them."""


def told(
    shop: Shop, session_id: str, acts: Sequence[Act]
) -> tuple[list[TheirPayment], list[tuple[int, str]]]:
    """What the provider says after each act, and every message with the number of the act that it is about."""
    states, messages = [], []
    for number, act in enumerate(acts):
        before = len(shop.messages())
        act(shop.program.sandbox, session_id)
        states.append(shop.program.sandbox.payment(session_id))
        messages += [(number, body) for body in shop.messages()[before:]]
    return states, messages


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("spent", [0, 17])
def test_every_order_of_the_messages_ends_in_the_same_ledger(story: str, spent: int) -> None:
    """A message about an act comes after it at the earliest: what is fetched then is that state or a later one."""
    acts, whole = STORIES[story]
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    started = shop.purchase(purchase_id)
    states, messages = told(shop, session_id, acts)
    # What matters of an order is which states it has fetched; most orders fetch the same.
    seen = {
        tuple(max(order[: last + 1]) for last in range(len(order)))
        for order in set(permutations([number for number, _ in messages]))
    }
    owed = max(0, spent - whole.available)
    ends = {fetched([states[index] for index in fetches], started, spent) for fetches in seen}
    assert ends == {whole._replace(available=whole.available - spent + owed, spent=spent, debt=owed)}


def fetched(states: list[TheirPayment], started: Purchase, spent: int) -> Balance:
    """Record each state in turn, the first one three times; credits are spent as soon as there are any."""
    purchase = Purchase.start(
        started.id,
        user_id=started.user_id,
        offer=started.offer,
        quantity=started.quantity,
        livemode=False,
        expires_at=started.expires_at,
    )
    ledger = CreditLedger.open(started.user_id)
    for theirs in [*states[:1] * 3, *states, *states[-1:] * 2]:
        for command in difference(theirs, purchase):
            command.on(purchase)
            credit(command, purchase, ledger, START)
            now = balance(ledger, START)
            assert min(now) >= 0
            if spent and not now.spent and now.available >= spent:
                ledger.hold(JOB, spent, START)
                ledger.settle(JOB, delivered=spent, now=START)
    if spent and not balance(ledger, START).spent:  # it was fetched too late for them to be there at once
        pytest.fail("nobody could spend anything")
    return balance(ledger, START)


JOB = UUID(int=77)


@settings(max_examples=120)
@given(chance=st.randoms(use_true_random=False), story=st.sampled_from(sorted(STORIES)))
def test_messages_may_come_in_any_order_and_up_to_three_times(chance: object, story: str) -> None:
    acts, whole = STORIES[story]
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    remaining = list(acts)
    happened: list[str] = []
    while remaining or happened:
        if remaining and (not happened or chance.random() < 0.4):  # type: ignore[attr-defined]
            before = len(shop.messages())
            remaining.pop(0)(shop.program.sandbox, session_id)
            for body in shop.messages()[before:]:
                happened += [body] * chance.randint(1, 3)  # type: ignore[attr-defined]
        else:
            shop.deliver([happened.pop(chance.randrange(len(happened)))])  # type: ignore[attr-defined]
    assert shop.balance() == whole
    assert shop.named("CreditLedger.Granted") - len(restored(shop)) == 1
    assert shop.purchase(purchase_id).net == shop.program.sandbox.payment(session_id).net


def restored(shop: Shop) -> list[object]:
    return [
        one for one in shop.program.world.log if one.name == "CreditLedger.Granted" and one.event.restores
    ]


def test_two_messages_with_different_ids_about_one_payment_grant_once() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    (body,) = shop.messages()
    shop.deliver([body, body.replace("evt_sandbox_", "evt_sandbox_again_")])
    assert shop.named("StripeEvent.Received") == 2
    assert (shop.named("CreditLedger.Granted"), shop.balance().available) == (1, 20)


def test_a_refund_after_spending_is_a_debt_that_the_next_purchase_repays_first() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    shop.deliver(shop.messages())
    job = submit(shop.program, upload(shop.program, 8))
    for photo in list(job.photos.values()):
        shop.program.jobs.record_staged(
            job.id, photo.photo_id, "result", "image/jpeg", provenance(photo.original)
        )
    shop.program.sandbox.refund(session_id)
    shop.deliver(shop.messages())
    assert shop.balance() == Balance(available=0, held=0, frozen=0, spent=8, debt=8)

    _, again = shop.checkout()
    shop.program.sandbox.pay(again)
    shop.deliver(shop.messages())
    assert shop.balance() == Balance(available=12, held=0, frozen=0, spent=8, debt=0)


def test_a_checkout_that_is_complete_but_unpaid_grants_nothing_until_the_money_arrives() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.pay_later(session_id)
    shop.deliver(shop.messages())
    assert shop.balance().available == 0
    shop.program.sandbox.arrive(session_id)
    shop.deliver(shop.messages())
    assert shop.balance().available == 20


def test_an_open_dispute_freezes_the_credits_that_are_left() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    shop.program.sandbox.dispute(session_id)
    shop.deliver(shop.messages())
    assert shop.balance() == Balance(available=0, held=0, frozen=20, spent=0, debt=0)


def test_a_message_of_a_type_that_nobody_handles_is_kept() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    (body,) = shop.messages()
    shop.deliver([body.replace("checkout.session.completed", "invoice.paid")])
    assert (shop.named("StripeEvent.Received"), shop.named("Purchase.Paid")) == (1, 0)


def test_a_fraud_warning_is_recorded_once() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    shop.program.sandbox.warn(session_id)
    shop.deliver(shop.messages() * 2)
    assert len(shop.purchase(purchase_id).fraud_warnings) == 1
    assert shop.named("Purchase.FraudWarned") == 1


def test_a_payload_is_attached_to_its_user_once_it_is_known_whose_it_is() -> None:
    shop = Shop()
    _, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    (body,) = shop.messages()
    shop.receive(body)
    assert len(shop.program.payload_keys.lent) == 1
    shop.follow_up(body)
    assert list(shop.program.payload_keys.attached.values()) == [ANN]
    assert not shop.program.payload_keys.lent
