"""Races against an erasure: whoever comes first, no credit is left, no job goes on, and no key survives."""

from uuid import UUID, uuid4

from application.errors import UploadNotFound
from application.standing import Erasure
from domain.credit_errors import InsufficientCredits
from domain.purchase import Purchase
from domain.user import User
from infrastructure.event_store.keyring import KeyDestroyed
from tests.races.ground import Ground, at_once
from tests.races.test_payments import Till

ROUNDS = 20


def check(ground: Ground, user: UUID) -> None:
    """What holds after every erasure."""
    assert ground.container.store.get(User, user).erased
    assert (ground.available(user), ground.ledger(user).holds) == (0, {})
    left = ground.container.database.one(
        "SELECT count(*) FROM stage.data_keys WHERE wrapped IS NOT NULL AND %s IN (key_id, attached_to)",
        [user],
    )
    assert left == (0,)


def test_a_job_that_finishes_meanwhile_is_paid_or_cancelled(ground: Ground) -> None:
    for _ in range(ROUNDS):
        user = ground.user(credits=2)
        job = ground.submit(user, ground.uploads(user, 2))
        photos = list(ground.job(job).photos)
        *delivered, erased = at_once(
            *[lambda photo=photo: ground.deliver(job, photo) for photo in photos],  # noqa: B023 - it is over within the round
            lambda: ground.container.standing.erase(user),  # noqa: B023 - it is over within the round
        )
        assert delivered == [None, None]
        assert isinstance(erased, Erasure)
        assert sum(lot.spent for lot in ground.ledger(user).lots.values()) == ground.job(job).delivered
        check(ground, user)


def test_a_job_that_is_submitted_meanwhile_is_cancelled_or_refused(ground: Ground) -> None:
    for _ in range(ROUNDS):
        user = ground.user(credits=2)
        uploads = ground.uploads(user, 2)
        submitted, erased = at_once(
            lambda: ground.submit(user, uploads),  # noqa: B023 - it is over within the round
            lambda: ground.container.standing.erase(user),  # noqa: B023 - it is over within the round
        )
        if isinstance(submitted, UUID):
            assert erased == Erasure(1, 2)
            assert ground.job(submitted).ended
        else:
            assert erased == Erasure(0, 2)
            assert isinstance(submitted, InsufficientCredits | UploadNotFound | KeyDestroyed)
        check(ground, user)


def test_erased_many_times_at_once_it_is_once(ground: Ground) -> None:
    user = ground.user(credits=5)
    outcomes = at_once(*[lambda: ground.container.standing.erase(user)] * 8)
    assert sorted(outcomes, key=lambda one: one.credits_forfeited) == [Erasure(0, 0)] * 7 + [Erasure(0, 5)]
    assert [one.name for one in ground.log()].count("User.Erased") == 1
    check(ground, user)


def test_a_payment_that_comes_meanwhile_is_forfeited_or_kept_in_the_books(ground: Ground) -> None:
    till = Till(ground)
    for _ in range(ROUNDS):
        user = ground.user(credits=1)
        purchase_id, session_id = till.checkout(user)
        before = set(till.bodies())
        till.cashier.pay(session_id)
        (body,) = set(till.bodies()) - before

        def pay(body: str = body) -> None:
            """As the reaction does: it is tried again."""
            try:
                till.handle(body)
            except KeyDestroyed:
                till.handle(body)

        paid, erased = at_once(pay, lambda: ground.container.standing.erase(user))  # noqa: B023 - it is over within the round
        assert paid is None
        assert ground.container.store.get(Purchase, purchase_id).paid
        assert erased.credits_forfeited + ground.available(user) == 21
        ground.container.standing.erase(user)
        left = ground.container.database.one(
            "SELECT count(*) FROM stage.data_keys WHERE wrapped IS NOT NULL AND %s IN (key_id, attached_to)",
            [user],
        )
        assert left == (0,)


def test_a_key_that_is_attached_meanwhile_is_destroyed_all_the_same(ground: Ground) -> None:
    keyring = ground.container.keyring
    for _ in range(100):
        owner, message = uuid4(), uuid4()
        keyring.seal(owner, "name")
        ground.container.payload_keys.lend(message)
        outcomes = at_once(
            lambda: ground.container.payload_keys.attach(message, owner),  # noqa: B023 - it is over within the round
            lambda: keyring.destroy(owner),  # noqa: B023 - it is over within the round
        )
        assert outcomes == [None, None]
        assert ground.container.database.one(
            "SELECT count(wrapped) FROM stage.data_keys WHERE key_id = ANY(%s)", [[owner, message]]
        ) == (0,)
