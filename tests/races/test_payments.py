"""Races for money: however many messages come at once, and whatever they overtake, it is granted once."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import stripe

from application.payments import Payments
from domain.purchase import Purchase
from domain.stripe_event import HANDLED, StripeEvent
from infrastructure.payments.sandbox_payments import SandboxPayments, sandbox_secret
from infrastructure.payments.sandbox_till import PostgresTill
from tests.application.shop import Balance, balance
from tests.contracts.cashiers import SECRET, Cashier, Counter
from tests.races.ground import Ground, at_once

TWENTY = "PACK_20_CREDITS"


class Till:
    """A sandbox on the ground's database, which delivers nothing by itself; or another counter."""

    def __init__(self, ground: Ground, counter: Counter | None = None) -> None:
        self.secret = SECRET if counter else sandbox_secret(ground.container.settings.auth_secret)
        sandbox = SandboxPayments(
            PostgresTill(ground.container.database),
            self.secret,
            "https://stage.test",
            deliver=lambda _body, _signature: False,
        )
        self.payments: Payments = counter.payments if counter else sandbox
        self.cashier: Cashier = counter.cashier if counter else sandbox
        self.bodies: Callable[[], list[str]] = (
            counter.told if counter else lambda: [message.body for message in sandbox.till.undelivered()]
        )
        self.purchases = replace(ground.container.purchases, payments=self.payments)
        self.notices = replace(ground.container.notices, payments=self.payments, purchases=self.purchases)
        self.store = ground.container.store

    def checkout(self, user: UUID) -> tuple[UUID, str]:
        purchase_id = uuid4()
        session = self.purchases.start(
            purchase_id, user_id=user, offer=TWENTY, quantity=1, return_path="/billing"
        )
        return purchase_id, session.session_id

    def receive(self, body: str) -> bool:
        signature = stripe.WebhookSignature.generate_signature_header(body, self.secret)
        return self.notices.receive(body.encode(), signature)

    def handle(self, body: str) -> None:
        """Receive it, and do what the reaction does."""
        self.receive(body)
        event = self.store.get(
            StripeEvent, StripeEvent.id_for(body.partition('"id": "')[2].partition('"')[0])
        )
        if event.type in HANDLED:
            self.notices.follow_up(event.id)


def counted(ground: Ground, name: str) -> int:
    return [one.name for one in ground.log()].count(name)


def test_fifty_deliveries_of_one_message_at_once_are_one_event_and_one_grant(ground: Ground) -> None:
    till, user = Till(ground), ground.user(credits=1)
    _, session_id = till.checkout(user)
    till.cashier.pay(session_id)
    (body,) = till.bodies()
    assert at_once(*[lambda: till.handle(body)] * 50) == [None] * 50
    assert counted(ground, "StripeEvent.Received") == 1
    assert (counted(ground, "Purchase.Paid"), counted(ground, "CreditLedger.Granted")) == (1, 2)
    assert ground.available(user) == 21


def test_twenty_messages_with_ids_of_their_own_about_one_payment_are_one_grant(ground: Ground) -> None:
    till, user = Till(ground), ground.user(credits=1)
    _, session_id = till.checkout(user)
    till.cashier.pay(session_id)
    (body,) = till.bodies()
    others = [body.replace("evt_sandbox_", f"evt_sandbox_{number}_") for number in range(20)]
    assert at_once(*[lambda one=one: till.handle(one) for one in others]) == [None] * 20
    assert counted(ground, "StripeEvent.Received") == 20
    assert ground.available(user) == 21


def test_messages_that_overtake_each_other_while_things_go_on_end_in_the_same_ledger(ground: Ground) -> None:
    """Each comes one to three times, from eight threads at once, while customer and bank go on acting."""
    till = Till(ground)
    for seed in range(6):
        chance = random.Random(seed)
        user = ground.user(credits=1)
        purchase_id, session_id = till.checkout(user)
        before = set(till.bodies())

        def win(session_id: str = session_id) -> None:
            (dispute,) = till.payments.payment(session_id).disputes
            till.cashier.close_dispute(session_id, dispute.dispute_id, won=True)

        acts = [
            lambda one=session_id: till.cashier.pay(one),
            lambda one=session_id: till.cashier.refund(one, 5_40),
            lambda one=session_id: till.cashier.dispute(one),
            win,
        ]
        with ThreadPoolExecutor(8) as threads:
            handled = []
            for act in acts:
                act()
                new = [body for body in till.bodies() if body not in before]
                before.update(new)
                copies = [body for body in new for _ in range(chance.randint(1, 3))]
                chance.shuffle(copies)
                handled += [threads.submit(till.handle, body) for body in copies]
        assert [one.exception() for one in handled] == [None] * len(handled)
        now = ground.container.database.now()
        assert balance(ground.ledger(user), now) == Balance(15, 0, 0, 0, 0), f"seed {seed}"
        assert ground.container.store.get(Purchase, purchase_id).net == 12_60
    assert counted(ground, "CreditLedger.Granted") == 12


def test_a_payload_is_gone_with_the_user_whom_it_was_about(ground: Ground) -> None:
    till, user = Till(ground), ground.user(credits=1)
    _, session_id = till.checkout(user)
    till.cashier.pay(session_id)
    (body,) = till.bodies()
    till.receive(body)
    event_id = StripeEvent.id_for(body.partition('"id": "')[2].partition('"')[0])
    assert ground.container.store.get(StripeEvent, event_id).payload.text == body
    stored = ground.container.database.one(
        "SELECT state FROM event_store.events WHERE originator_id = %s", [event_id]
    )
    assert stored
    assert session_id.encode() not in bytes(stored[0])
    till.notices.follow_up(event_id)
    ground.container.keyring.destroy(user)
    forgetful = replace(
        ground.container, keyring=type(ground.container.keyring)(ground.container.database, b"m" * 32)
    )
    assert forgetful.keyring.open(_token(bytes(stored[0]))) == "[erased]"


def test_a_payload_that_is_about_nobody_is_gone_when_its_term_is_over(ground: Ground) -> None:
    till = Till(ground)
    body = '{"id": "evt_1", "object": "event", "type": "a", "created": %d, "livemode": false, "data": {"object": {}}}'
    till.receive(body % time.time())
    keys = ground.container.payload_keys
    assert keys.destroy_unattached() == 0
    ground.container.database.execute(
        "UPDATE stage.data_keys SET lent_until = clock_timestamp() WHERE lent_until IS NOT NULL"
    )
    assert keys.destroy_unattached() == 1


def _token(state: bytes) -> str:
    return "sealed:1:" + state.decode().partition("sealed:1:")[2].partition('"')[0]
