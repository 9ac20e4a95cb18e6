"""Auditors read any ledger as of any moment, with what its hashes are made from; nobody else reads anything."""

import csv
import io
import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from application.context import Context, acting
from domain.credit_ledger import CreditLedger
from domain.lots import Source
from domain.personal import Personal
from domain.user import Role
from tests.interfaces.rest.routes.test_adjustments import with_role
from tests.ledgers import changed

PLACES = ("available", "held", "frozen", "spent", "expired", "taken_back")


@pytest.fixture
def auditor(users: Any) -> Any:
    return with_role(users.join("auditor@example.com", verified=False), Role.AUDITOR)


def a_refunded_purchase(user: Any) -> UUID:
    """Three for the trial, twenty bought, ten used, and then the money went back."""
    lot, job = uuid4(), uuid4()
    now = user.container.database.now()
    with changed(user.container, user.user_id) as ledger:
        ledger.grant(lot, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
        ledger.hold(job, 10, now)
        ledger.settle(job, delivered=10, now=now)
        ledger.reverse(lot, "re_1", amount=1800, paid=1800)
    user.followers.catch_up()
    return lot


def test_a_ledger_is_shown_with_its_balance_and_lots(auditor: Any, ada: Any) -> None:
    a_refunded_purchase(ada)
    shown = auditor.get(f"/audit/ledgers/{ada.user_id}").json()
    assert shown["balance"] == {
        "granted": 23,
        "available": 0,
        "held": 0,
        "frozen": 0,
        "spent": 10,
        "expired": 0,
        "taken_back": 13,
        "debt": 7,
    }
    assert (shown["version"], shown["balanced"], len(shown["lots"])) == (6, True, 2)


def test_it_is_shown_as_of_any_position_or_moment(auditor: Any, ada: Any) -> None:
    a_refunded_purchase(ada)
    events = auditor.get(f"/audit/ledgers/{ada.user_id}/events").json()["items"]
    for event, available in zip(events, [0, 3, 23, 13, 13, 0], strict=True):
        for as_of in (event["position"], event["recorded_at"]):
            shown = auditor.get(f"/audit/ledgers/{ada.user_id}", params={"as_of": as_of}).json()
            assert (shown["version"], shown["balance"]["available"]) == (event["version"], available)
            lots = shown["lots"]
            assert shown["balanced"] is True
            assert all(lot["credits"] == sum(lot[place] for place in PLACES) for lot in lots)
    before = auditor.get(f"/audit/ledgers/{ada.user_id}", params={"as_of": "2020-01-01T00:00:00Z"})
    assert before.status_code == 404


def test_neither_moment_nor_position_is_refused(auditor: Any, ada: Any) -> None:
    beyond = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
    for as_of in ("yesterday", "2026-05-04T09:31:00", "-1", "\0", *beyond):
        answer = auditor.get(f"/audit/ledgers/{ada.user_id}", params={"as_of": as_of})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "as_of")


@pytest.mark.parametrize(
    "path", ["/audit/events?owner=null", "/audit/totals?as_of=Null", "/audit/trail?lot_id=null"]
)
def test_whoever_asks_for_null_is_not_shown_everything(auditor: Any, path: str) -> None:
    answer = auditor.get(path)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["problem"] == "null is no value here; leave it out"


def test_an_empty_cursor_is_none_that_was_given(auditor: Any, ada: Any) -> None:
    for path in ("/audit/events", f"/audit/ledgers/{ada.user_id}/events"):
        answer = auditor.get(path, params={"cursor": ""})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


def test_an_export_has_one_of_two_forms(auditor: Any, ada: Any) -> None:
    for path in ("/audit/events/export/pdf", f"/audit/ledgers/{ada.user_id}/export/JSONL"):
        answer = auditor.get(path)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "form")


def test_the_statement_has_the_words_that_its_user_reads(auditor: Any, ada: Any) -> None:
    a_refunded_purchase(ada)
    own = ada.get("/billing/statement").json()["items"]
    audited = auditor.get(f"/audit/ledgers/{ada.user_id}/statement").json()["items"]
    assert [one["description"] for one in audited] == [one["description"] for one in own]
    assert all(one["granted"] == sum(one[place] for place in PLACES) for one in audited)
    then = auditor.get(f"/audit/ledgers/{ada.user_id}/statement", params={"as_of": audited[2]["position"]})
    assert then.json()["items"] == audited[2:]


def test_events_are_shown_with_actor_cause_and_hash(auditor: Any, ada: Any) -> None:
    job_id = ada.submit()
    first = auditor.get(f"/audit/ledgers/{ada.user_id}/events", params={"limit": 2}).json()
    rest = auditor.get(f"/audit/ledgers/{ada.user_id}/events", params={"cursor": first["next_cursor"]}).json()
    held = rest["items"][-1]
    assert [event["version"] for event in first["items"] + rest["items"]] == [1, 2, 3]
    assert json.loads(held["state"])["job_id"] == job_id
    assert json.loads(held["metadata"])["actor"] == f"user:{ada.user_id}"
    assert len(held["hash"]) == 64


def test_both_exports_hold_the_same_events(auditor: Any, ada: Any) -> None:
    a_refunded_purchase(ada)
    lines = auditor.get(f"/audit/ledgers/{ada.user_id}/export/jsonl")
    table = auditor.get(f"/audit/ledgers/{ada.user_id}/export/csv")
    events = [json.loads(line) for line in lines.text.splitlines()]
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert lines.headers["content-type"].startswith("application/jsonl")
    assert len(events) == 6
    assert rows == [{name: "" if one is None else str(one) for name, one in row.items()} for row in events]


def test_an_intact_ledger_is_verified(auditor: Any, ada: Any) -> None:
    a_refunded_purchase(ada)
    found = auditor.get(f"/audit/ledgers/{ada.user_id}/verification").json()
    assert (found["intact"], found["events"], found["replay_agrees"]) == (True, 6, True)
    events = auditor.get(f"/audit/ledgers/{ada.user_id}/events").json()["items"]
    assert found["head"] == events[-1]["hash"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (
            "UPDATE event_store.events SET state = replace(convert_from(state, 'UTF8'), '20', '99')::bytea",
            "changed",
        ),
        ("DELETE FROM event_store.events", "gap"),
    ],
)
def test_whatever_is_changed_behind_our_back_is_found(
    auditor: Any, ada: Any, database: Any, change: str, kind: str
) -> None:
    a_refunded_purchase(ada)
    ledger_id = CreditLedger.id_for(ada.user_id)
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            f"{change} WHERE originator_id = %s AND originator_version = 3",
            [ledger_id],
        )
    found = auditor.get(f"/audit/ledgers/{ada.user_id}/verification").json()
    assert (found["intact"], found["broken_at"]["kind"], found["last_version"]) == (False, kind, 2)


def test_the_whole_log_is_shown_and_exported_up_to_where_nothing_can_come_to_light(
    auditor: Any, ada: Any
) -> None:
    ada.submit()
    shown = auditor.get("/audit/events", params={"limit": 100}).json()
    exported = auditor.get("/audit/events/export/jsonl").text.splitlines()
    assert [event["position"] for event in shown["items"]] == sorted(
        event["position"] for event in shown["items"]
    )
    assert [json.loads(line) for line in exported] == shown["items"]
    own = auditor.get("/audit/events", params={"owner": str(ada.user_id), "limit": 100}).json()["items"]
    assert {event["owner"] for event in own} == {str(ada.user_id)}


def test_all_ledgers_together_balance_by_source(auditor: Any, ada: Any) -> None:
    a_refunded_purchase(ada)
    found = auditor.get("/audit/totals").json()
    assert found["balanced"] is True
    by_source = {one["source"]: one for one in found["sources"]}
    assert by_source["purchase"]["granted"] == 20
    assert found["total"]["granted"] == sum(found["total"][place] for place in PLACES) == 23
    assert found["total"]["debt"] == 7


def test_a_read_model_that_was_tampered_with_does_not_balance(auditor: Any, ada: Any, database: Any) -> None:
    a_refunded_purchase(ada)
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE read_models.credit_lots_v2 SET available = available + 1 "
            "WHERE source = 'trial' AND until = 9223372036854775807"
        )
    found = auditor.get("/audit/totals").json()
    assert (found["balanced"], found["unbalanced_lots"]) == (False, 1)
    assert found["differing_ledgers"] == [str(ada.user_id)]


def test_a_trail_leads_from_a_lot_to_its_jobs_and_photos_and_back(auditor: Any, ada: Any) -> None:
    job_id = ada.submit(photos=2)
    ada.stage(job_id, photos=1)
    (lot,) = ada.get("/billing/credits").json()["lots"]
    forth = auditor.get("/audit/trail", params={"lot_id": lot["lot_id"]}).json()
    back = auditor.get("/audit/trail", params={"job_id": job_id}).json()
    assert [step["topic"] for step in forth["steps"]] == ["CreditLedger.Granted", "CreditLedger.Held"]
    assert [(one["job_id"], one["photo_status"]) for one in forth["photos"]] == [
        (job_id, "staged"),
        (job_id, "pending"),
    ]
    assert back["lots"] == [lot["lot_id"]]
    granted, *submitted = [step["topic"] for step in back["steps"]]
    assert granted == "CreditLedger.Granted"
    assert sorted(submitted) == ["CreditLedger.Held", "PhotoJob.Submitted"]  # one transaction, either first
    assert back["photos"] == forth["photos"]


def test_a_trail_follows_causes_back_and_forth(auditor: Any, ada: Any) -> None:
    container = ada.container
    with acting(Context(actor="stripe", cause="request:evt_1", correlation="evt_1")) as received:
        container.accounts.register(
            uuid4(), email=Personal("eve@example.com"), password="a long password", name=Personal("Eve")
        )
    lot = uuid4()
    cause = f"event:{received.position}"
    with (
        acting(Context(actor="reaction:follow_up", cause=cause, correlation="evt_1")),
        changed(container, ada.user_id) as ledger,
    ):
        ledger.grant(lot, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ada.followers.catch_up()
    back = auditor.get("/audit/trail", params={"lot_id": str(lot)}).json()
    assert next(step["position"] for step in back["steps"]) == received.position
    forth = auditor.get("/audit/trail", params={"position": received.position}).json()
    assert (forth["lots"], forth["steps"][-1]["topic"]) == ([str(lot)], "CreditLedger.Granted")


def test_a_trail_begins_somewhere(auditor: Any) -> None:
    assert auditor.get("/audit/trail").status_code == 422
    for where in ({"lot_id": str(uuid4())}, {"job_id": str(uuid4())}, {"position": 2**40}):
        assert auditor.get("/audit/trail", params=where).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["", "/statement", "/events", "/export/jsonl", "/verification"],
)
def test_for_anybody_but_auditors_there_is_nothing_there(ada: Any, path: str) -> None:
    assert ada.get(f"/audit/ledgers/{ada.user_id}{path}").status_code == 404


def test_nor_is_the_log(ada: Any) -> None:
    for path in ("/audit/events", "/audit/events/export/csv", "/audit/totals", "/audit/trail"):
        assert ada.get(path).status_code == 404


def test_a_ledger_of_nobody_is_not_found(auditor: Any) -> None:
    for path in ("", "/statement", "/events", "/export/csv", "/verification"):
        assert auditor.get(f"/audit/ledgers/{uuid4()}{path}").status_code == 404


def test_an_expiry_that_is_due_counts_as_of_the_moment_asked_for(auditor: Any, ada: Any) -> None:
    ledger = ada.container.store.get(CreditLedger, CreditLedger.id_for(ada.user_id))
    now = ada.container.database.now()
    ledger.grant(uuid4(), Source.PROMO, 5, expires_at=now.replace(year=now.year - 1), reference="late")
    ada.container.store.save(ledger)
    ada.followers.catch_up()
    shown = auditor.get(f"/audit/ledgers/{ada.user_id}").json()
    assert (shown["balance"]["available"], shown["balance"]["expired"], shown["balanced"]) == (3, 5, True)
