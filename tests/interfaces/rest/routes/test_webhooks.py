"""Webhooks over HTTP: registering, the log of deliveries, and redelivery."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from application.reactions import follow
from application.rules import ANNOUNCE_JOB, RULES, SEND_WEBHOOK
from infrastructure.event_store.reader import LogReader
from infrastructure.records.webhooks import PostgresWebhookRecords
from tests.fakes.webhooks import MemoryPoster
from tests.interfaces.rest.conftest import User

HOOK = {"url": "https://hooks.example.com/stage", "events": ["job.completed"]}


def registered(user: User) -> str:
    answer = user.post("/me/webhooks", HOOK)
    assert answer.status_code == 201, answer.text
    endpoint_id: str = answer.json()["endpoint_id"]
    return endpoint_id


def announce(user: User) -> None:
    """What a worker does about the ends of jobs."""
    with psycopg.connect(user.followers.url, autocommit=True) as connection:
        log = LogReader(user.container.mapper).read(connection, after=0, upto=2**62, names=None, limit=10_000)
    for recorded in log:
        for _, reaction in follow(RULES, recorded):
            if reaction.kind == ANNOUNCE_JOB:
                user.container.webhooks.announce(reaction.references)


def test_the_secret_is_shown_once_and_nothing_is_stored_in_the_clear(ada: User) -> None:
    created = ada.post("/me/webhooks", HOOK, headers={"Idempotency-Key": "one"})
    again = ada.post("/me/webhooks", HOOK, headers={"Idempotency-Key": "one"})

    assert created.json()["secret"].startswith("whsec_")
    assert again.json() == created.json()
    (shown,) = ada.get("/me/webhooks").json()["items"]
    assert "secret" not in shown
    assert (shown["url"], shown["events"], shown["disabled_at"]) == (HOOK["url"], HOOK["events"], None)
    with psycopg.connect(ada.followers.url) as connection:
        (row,) = connection.execute("SELECT url, secret FROM stage.webhook_endpoints").fetchall()
    assert all(text.startswith("sealed:") for text in row)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://localhost./",
        "https://2130706433/",
        "https://[::ffff:127.0.0.1]/",
        "https://hooks.example.com:8443/",
        "https://user@hooks.example.com/",
        "https://metadata.google.internal/",
    ],
)
def test_addresses_that_are_never_called_are_refused_at_once(resident: User, url: str) -> None:
    answer = resident.post("/me/webhooks", {**HOOK, "url": url})

    assert (answer.status_code, answer.json()["code"]) == (422, "link_refused")


def test_deliveries_are_logged_and_can_be_asked_for_again(ada: User) -> None:
    endpoint_id = registered(ada)
    job_id = ada.submit()
    ada.stage(job_id)
    announce(ada)

    (told,) = ada.get(f"/me/webhooks/{endpoint_id}/deliveries").json()["items"]
    assert (told["event"], told["job_id"], told["state"], told["attempts"]) == (
        "job.completed",
        job_id,
        "pending",
        [],
    )

    poster = MemoryPoster(answer=204)
    records = PostgresWebhookRecords(ada.container.database, ada.container.keyring)
    webhooks = replace(ada.container.webhooks, poster=poster, records=records)
    delivery_id = UUID(told["delivery_id"])
    webhooks.record(delivery_id, webhooks.send(delivery_id))
    (told,) = ada.get(f"/me/webhooks/{endpoint_id}/deliveries").json()["items"]
    assert (told["state"], [one["status"] for one in told["attempts"]]) == ("delivered", [204])

    again = ada.post(f"/me/webhooks/{endpoint_id}/deliveries/{delivery_id}/redeliver")
    assert again.status_code == 202
    with psycopg.connect(ada.followers.url) as connection:
        rows = connection.execute(
            'SELECT "references" FROM stage.reactions WHERE kind = %s', [SEND_WEBHOOK]
        ).fetchall()
    assert rows == [({"delivery_id": str(delivery_id)},)] * 2


def test_a_removed_endpoint_is_gone_with_its_log(ada: User) -> None:
    endpoint_id = registered(ada)

    assert ada._request("DELETE", f"/me/webhooks/{endpoint_id}").status_code == 204
    assert ada._request("DELETE", f"/me/webhooks/{endpoint_id}").status_code == 404
    assert ada.get("/me/webhooks").json() == {"items": []}


def test_nobody_sees_somebody_elses(ada: User, users: Any) -> None:
    endpoint_id = registered(ada)
    job_id = ada.submit()
    ada.stage(job_id)
    announce(ada)
    (told,) = ada.get(f"/me/webhooks/{endpoint_id}/deliveries").json()["items"]
    bob = users.join("bob@example.com")

    assert bob.get("/me/webhooks").json() == {"items": []}
    assert bob.get(f"/me/webhooks/{endpoint_id}/deliveries").json() == {"items": []}
    path = f"/me/webhooks/{endpoint_id}/deliveries/{told['delivery_id']}/redeliver"
    assert bob.post(path).status_code == 404
