"""The balance by lot, and every movement in plain words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from tests.ledgers import changed


def test_credits_are_shown_by_the_lots_they_lie_in(ada: Any) -> None:
    job_id = ada.submit(photos=2)
    ada.stage(job_id, photos=1)

    shown = ada.get("/billing/credits").json()

    assert (shown["available"], shown["held"], shown["spent"]) == (1, 2, 0)
    (lot,) = shown["lots"]
    assert (lot["source"], lot["credits"], lot["expires_at"]) == ("trial", 3, None)
    places = ("available", "held", "frozen", "spent", "expired", "taken_back")
    assert lot["credits"] == sum(lot[place] for place in places)


def test_lots_are_shown_in_the_order_in_which_they_burn(ada: Any) -> None:
    grant(ada, Source.PURCHASE, 20)
    grant(ada, Source.PROMO, 5)
    grant(ada, Source.PURCHASE, 7, days=30)

    lots = ada.get("/billing/credits").json()["lots"]

    assert [(lot["source"], lot["credits"]) for lot in lots] == [
        ("purchase", 7),
        ("trial", 3),
        ("promo", 5),
        ("purchase", 20),
    ]


def test_credits_past_their_expiry_are_not_available_even_before_that_is_recorded(ada: Any) -> None:
    grant(ada, Source.PROMO, 5, days=-1)

    shown = ada.get("/billing/credits").json()

    assert shown["available"] == 3
    assert next(lot for lot in shown["lots"] if lot["source"] == "promo")["expired"] == 5


def test_the_statement_tells_every_movement_in_plain_words(ada: Any) -> None:
    ada.stage(ada.submit(photos=1))
    job_id = ada.submit(photos=2)
    ada.stage(job_id, photos=1)
    ada.container.jobs.expire(type(ada.user_id)(job_id))
    ada.followers.catch_up()

    movements = ada.get("/billing/statement").json()["items"]

    assert [(one["description"], one["change"], one["available"], one["held"]) for one in movements] == [
        ("Job ended: 1 credit spent on delivered photos, 1 credit returned", 1, 1, 0),
        ("2 credits set aside for a job", -2, 0, 2),
        ("Job ended: 1 credit spent on delivered photos", 0, 2, 0),
        ("1 credit set aside for a job", -1, 2, 1),
        ("3 credits granted (trial)", 3, 3, 0),
        ("Account opened", 0, 0, 0),
    ]
    assert movements[0]["job_id"] == job_id
    assert [one["position"] for one in movements] == sorted(
        (one["position"] for one in movements), reverse=True
    )


def test_a_job_that_delivered_nothing_gives_all_back(ada: Any) -> None:
    ada.container.jobs.expire(type(ada.user_id)(ada.submit(photos=2)))
    ada.followers.catch_up()

    (movement, *_) = ada.get("/billing/statement").json()["items"]

    assert movement["description"] == "Job ended: nothing delivered, 2 credits returned"


def test_expired_credits_are_told(ada: Any) -> None:
    grant(ada, Source.PROMO, 5, days=-1)
    ledger = ada.container.store.get(CreditLedger, CreditLedger.id_for(ada.user_id))
    ledger.expire(datetime.now(UTC))
    ada.container.store.save(ledger)
    ada.followers.catch_up()

    assert ada.get("/billing/statement").json()["items"][0]["description"] == "5 credits expired"


def test_a_refund_after_spending_is_a_debt_in_plain_words_that_the_next_credits_repay(ada: Any) -> None:
    grant(ada, Source.PURCHASE, 20)
    (pack,) = (lot for lot in ada.get("/billing/credits").json()["lots"] if lot["source"] == "purchase")
    spend(ada, 10)
    with changed(ada.container, ada.user_id) as ledger:
        ledger.reverse(UUID(pack["lot_id"]), "re_1", amount=1800, paid=1800)
    refused = ada.post(
        "/jobs", json={"photos": [{"upload_id": ada.upload()}], "brief": {"preset": "enhance"}}
    )
    grant(ada, Source.PURCHASE, 20)

    told = [one["description"] for one in ada.get("/billing/statement").json()["items"]]
    shown = ada.get("/billing/credits").json()

    assert (refused.status_code, refused.json()["debt"]) == (402, 7)
    assert told[:3] == [
        "7 credits of these repaid what was owed; nothing is owed",
        "20 credits granted (purchase)",
        (
            "Payment refunded (re_1): 13 credits taken back, 7 credits already used and now owed; "
            "7 credits owed, repaid by the next credits"
        ),
    ]
    assert (shown["available"], shown["debt"]) == (13, 0)


def test_a_dispute_that_was_lost_and_then_won_is_told_as_one(ada: Any) -> None:
    grant(ada, Source.PURCHASE, 20)
    (pack,) = (lot for lot in ada.get("/billing/credits").json()["lots"] if lot["source"] == "purchase")
    spend(ada, 10)
    ledger = ada.container.store.get(CreditLedger, CreditLedger.id_for(ada.user_id))
    ledger.reverse(UUID(pack["lot_id"]), "du_1", amount=900, paid=1800)
    ledger.cancel_reversal("du_1")
    ada.container.store.save(ledger)
    ada.followers.catch_up()

    told = [one["description"] for one in ada.get("/billing/statement").json()["items"]]
    assert told[:3] == [
        "10 credits granted (adjustment)",
        "Dispute of a payment won after all (du_1): 10 credits to be granted anew; nothing is owed",
        "Dispute of a payment lost (du_1): 10 credits taken back; nothing is owed",
    ]


def test_the_statement_is_cut_into_pages(ada: Any) -> None:
    whole = ada.get("/billing/statement").json()
    first = ada.get("/billing/statement", params={"limit": 1}).json()
    rest = ada.get("/billing/statement", params={"cursor": first["next_cursor"]}).json()

    assert whole["items"] == first["items"] + rest["items"]
    assert whole["next_cursor"] is rest["next_cursor"] is None


def test_everybody_sees_their_own_credits_alone(ada: Any, users: Any) -> None:
    ada.submit()
    grace = users.join("grace@example.com", verified=False)

    assert grace.get("/billing/credits").json() == {
        "available": 0,
        "held": 0,
        "frozen": 0,
        "spent": 0,
        "debt": 0,
        "lots": [],
    }
    assert len(grace.get("/billing/statement").json()["items"]) == 1


def spend(user: Any, credits: int) -> None:
    ledger = user.container.store.get(CreditLedger, CreditLedger.id_for(user.user_id))
    job_id = uuid4()
    ledger.hold(job_id, credits, datetime.now(UTC))
    ledger.settle(job_id, delivered=credits, now=datetime.now(UTC))
    user.container.store.save(ledger)
    user.followers.catch_up()


def grant(user: Any, source: Source, credits: int, *, days: int | None = None) -> None:
    ledger = user.container.store.get(CreditLedger, CreditLedger.id_for(user.user_id))
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    ledger.grant(uuid4(), source, credits, expires_at=expires_at, reference="a test")
    user.container.store.save(ledger)
    user.followers.catch_up()
