"""Erasing a user forgets who they were, stops what is unfinished, and leaves the books whole."""

from uuid import UUID

import pytest

from application.context import Context, acting
from application.errors import NotFound, PasswordWrong, SignInRefused
from application.pictures import ORIGINALS, results_of
from application.reactions import follow
from application.rules import CLOSE_PAYER, ERASE_PICTURES, NOTHING_UNDER_WAY, RULES
from application.stagers import RetryLater
from application.standing import FORFEITED, Erasure
from domain.credit_ledger import CreditLedger
from domain.email_claim import EmailClaim, claim_id
from domain.job_photo import JobStatus
from domain.lots import Source
from domain.personal import Personal
from domain.pictures import PictureKind
from domain.purchase import PurchaseStatus
from domain.user import User
from tests.application.people import (
    ANN,
    BOB,
    JOB,
    OTHER_JOB,
    PASSWORD,
    available,
    deliver,
    ledger_of,
    mailed_token,
    names,
    register,
    submit,
    the_job,
    upload,
    with_credits,
)
from tests.application.shop import Shop
from tests.fakes.bootstrap import CLAIM_KEY, Program
from tests.fakes.clock import SettableClock
from tests.fakes.contended import ContendedStore
from tests.fakes.darkroom import a_photo
from tests.fakes.world import World

EMAIL = Personal(f"user-{ANN.int}@example.com")


@pytest.fixture
def program() -> Program:
    program = Program()
    with_credits(program, 10)
    return program


def sign_in(program: Program, email: Personal = EMAIL) -> str:
    return program.accounts.sign_in(email=email, password=PASSWORD, device="phone")


# The one transaction


def test_what_is_unfinished_is_cancelled_what_was_delivered_is_paid_and_the_rest_is_forfeited(
    program: Program,
) -> None:
    first, *_ = submit(program, upload(program, 3)).photos
    submit(program, upload(program, 2), OTHER_JOB)
    deliver(program, first)
    before = len(program.world.log)

    assert program.standing.erase(ANN) == Erasure(jobs_cancelled=2, credits_forfeited=9)

    assert {the_job(program, job).status for job in (JOB, OTHER_JOB)} == {JobStatus.CANCELLED}
    (lot,) = ledger_of(program).lots.values()
    assert (lot.spent, lot.available, lot.held, ledger_of(program).holds) == (1, 0, 0, {})
    assert sorted(names(program)[before:]) == [
        "CreditLedger.Adjusted",
        "CreditLedger.Settled",
        "CreditLedger.Settled",
        "EmailClaim.Released",
        "PhotoJob.Cancelled",
        "PhotoJob.Cancelled",
        "User.Erased",
    ]


def test_it_is_told_who_had_the_credits_forfeited_and_why(program: Program) -> None:
    with acting(Context(f"user:{ANN}", "request:1", "1")):
        program.standing.erase(ANN)
    forfeited = program.store.stream(CreditLedger.id_for(ANN))[-1].event
    assert (forfeited.actor, forfeited.reason) == (f"user:{ANN}", FORFEITED)


def test_done_twice_it_is_done_once(program: Program) -> None:
    program.standing.erase(ANN)
    before = len(program.world.log)
    assert program.standing.erase(ANN) == Erasure(0, 0)
    assert len(program.world.log) == before
    with pytest.raises(NotFound):
        program.standing.erase(BOB)


def test_nothing_is_forfeited_where_nothing_is_left() -> None:
    program = Program()
    register(program, ANN, EMAIL.text)
    assert program.standing.erase(ANN) == Erasure(0, 0)
    assert names(program, CreditLedger.id_for(ANN)) == ["CreditLedger.Opened"]


def test_all_sessions_end_and_signing_in_is_refused_as_to_a_stranger(program: Program) -> None:
    token = sign_in(program)
    program.tokens.issue("reset-password", ANN, NOTHING_UNDER_WAY)
    program.standing.erase(ANN)
    assert program.sessions.user(token) is None
    with pytest.raises(SignInRefused):
        sign_in(program)
    program.accounts.send_reset(claim_id(EMAIL, CLAIM_KEY), message_id=UUID(int=7))
    assert not program.mailer.to(EMAIL.text)
    assert program.world.tokens == {}


def test_the_address_may_register_again_without_another_trial() -> None:
    program = Program()
    register(program)
    program.accounts.confirm_verification(mailed_token(program))
    assert available(program) == 3
    program.standing.erase(ANN)

    register(program, BOB)
    program.accounts.confirm_verification(mailed_token(program, BOB))

    assert (available(program, BOB), available(program, ANN)) == (0, 0)
    assert program.store.get(EmailClaim, program.store.get(User, BOB).claim_id).user_id == BOB
    assert program.accounts.user_at(Personal("ann@example.com")) == BOB


def test_a_suspended_user_is_erased_like_any_other(program: Program) -> None:
    program.standing.suspend(ANN, "spam")
    assert program.standing.erase(ANN).credits_forfeited == 10
    with pytest.raises(SignInRefused):
        sign_in(program)


def test_a_session_alone_confirms_nothing(program: Program) -> None:
    for wrong in ("", "a good guess at it", PASSWORD.upper()):
        with pytest.raises(PasswordWrong):
            program.accounts.confirm(ANN, wrong)
    assert program.accounts.confirm(ANN, PASSWORD).id == ANN


def test_debts_and_disputes_stay_and_go_on(program: Program) -> None:
    ledger = ledger_of(program)
    disputed, spent = UUID(int=70), UUID(int=71)
    for lot_id in (disputed, spent):
        ledger.grant(lot_id, Source.PURCHASE, 5, reference="receipt")
    ledger.freeze(disputed, "dp_1")
    ledger.hold(JOB, 15, program.clock.now())
    ledger.settle(JOB, delivered=15, now=program.clock.now())
    ledger.reverse(spent, "re_1", amount=5, paid=5)
    program.store.save(ledger)
    assert ledger.debt == 5

    assert program.standing.erase(ANN).credits_forfeited == 0

    ledger = ledger_of(program)
    assert (ledger.debt, ledger.lots[disputed].frozen) == (5, 5)
    ledger.reverse(disputed, "dp_1", amount=5, paid=5)
    ledger.thaw("dp_1", program.clock.now())
    assert (ledger.debt, ledger.lots[disputed].taken_back) == (5, 5)


# At the same time


def contended() -> tuple[Program, ContendedStore]:
    world, clock = World(), SettableClock()
    store = ContendedStore(world, clock)
    program = Program(world=world, clock=clock, store=store)
    with_credits(program, 10)
    return program, store


def test_a_photo_that_is_delivered_just_before_is_paid() -> None:
    program, store = contended()
    photo, _ = submit(program, upload(program, 2)).photos
    store.before_transactions.append(lambda: deliver(program, photo))
    assert program.standing.erase(ANN) == Erasure(1, 9)


def test_a_job_that_ends_or_begins_just_before_is_known() -> None:
    program, store = contended()
    (photo,) = submit(program, upload(program, 1)).photos
    uploads = upload(program, 2)
    store.before_transactions.append(lambda: deliver(program, photo))
    store.before_transactions.append(lambda: submit(program, uploads, OTHER_JOB))
    assert program.standing.erase(ANN) == Erasure(1, 9)
    assert [the_job(program, job).status for job in (JOB, OTHER_JOB)] == [
        JobStatus.COMPLETED,
        JobStatus.CANCELLED,
    ]
    assert (ledger_of(program).holds, available(program)) == ({}, 0)


# What follows


def erased_with_pictures(program: Program) -> None:
    photos = submit(program, upload(program, 2)).photos
    upload(program, 1)
    program.pictures.put(ANN, results_of(JOB), b"result", "image/jpeg")
    program.incoming.put(ANN, UUID(int=5), b"on its way")
    for photo in photos:
        deliver(program, photo)
    program.standing.erase(ANN)


def test_an_erasure_asks_twice_for_what_follows(program: Program) -> None:
    program.standing.erase(ANN)
    (erased,) = [one for one in program.world.log if one.name == "User.Erased"]
    asked = sorted((one.kind, one.delay, str(one.references["user_id"])) for _, one in follow(RULES, erased))
    at_once = NOTHING_UNDER_WAY - NOTHING_UNDER_WAY
    assert asked == [
        (kind, delay, str(ANN))
        for kind in (CLOSE_PAYER, ERASE_PICTURES)
        for delay in (at_once, NOTHING_UNDER_WAY)
    ]


def test_every_picture_goes_and_jobs_give_theirs_up(program: Program) -> None:
    with_credits(program, 5, BOB)
    upload(program, 1, BOB)
    erased_with_pictures(program)

    with pytest.raises(RetryLater):
        program.retention.erase(ANN)
    program.retention.erase(ANN)

    assert {owner for owner, _, _ in program.pictures.stored} == {BOB}
    assert program.incoming.clear(ANN) == 0
    assert the_job(program).removed == set(PictureKind)
    assert names(program, JOB).count("PhotoJob.PicturesRemoved") == 1
    assert program.store.stream(JOB)[-1].event.reason == "erased"


def test_what_a_request_under_way_has_added_since_goes_the_second_time(program: Program) -> None:
    erased_with_pictures(program)
    with pytest.raises(RetryLater):
        program.retention.erase(ANN)
    program.uploads.add(UUID(int=6), user_id=ANN, name="late.jpg", photo=a_photo("late"))
    token = program.sessions.open(ANN, device="phone", lifetime=NOTHING_UNDER_WAY)

    program.retention.erase(ANN)

    assert program.pictures.count(ORIGINALS) == 0
    assert (program.records.find(ANN, UUID(int=6)), program.sessions.user(token)) == (None, None)


def test_checkouts_that_could_be_paid_are_ended() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.standing.erase(ANN)

    assert shop.program.purchases.close(ANN) == {"ended": 1, "customers": 0}

    assert shop.purchase(purchase_id).status is PurchaseStatus.EXPIRED
    assert shop.program.payments.session(session_id).url is None
    assert shop.program.purchases.close(ANN) == {"ended": 0, "customers": 0}


def test_a_payment_that_comes_all_the_same_is_granted_without_its_receipt() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay_later(session_id)
    shop.deliver(shop.messages())
    shop.program.standing.erase(ANN)
    shop.program.purchases.close(ANN)
    before = len(shop.messages())

    shop.program.sandbox.arrive(session_id)
    shop.deliver(shop.messages()[before:])

    assert shop.purchase(purchase_id).status is PurchaseStatus.PAID
    paid = next(one.event for one in shop.program.world.log if one.name == "Purchase.Paid")
    assert (paid.receipt, shop.balance().available) == (None, 20)


def test_what_was_bought_is_forfeited_and_its_refund_still_recorded() -> None:
    shop = Shop()
    purchase_id, session_id = shop.checkout()
    shop.program.sandbox.pay(session_id)
    shop.deliver(shop.messages())

    assert shop.program.standing.erase(ANN).credits_forfeited == 20
    assert shop.program.purchases.close(ANN) == {"ended": 0, "customers": 1}

    before = len(shop.messages())
    shop.program.sandbox.refund(session_id, 9_00)
    shop.deliver(shop.messages()[before:])
    assert shop.purchase(purchase_id).refunded == 9_00
    assert shop.balance().available == 0
