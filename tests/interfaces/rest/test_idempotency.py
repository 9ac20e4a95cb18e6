"""Requests repeated under their Idempotency-Key: one thing, and one answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.interfaces.rest.conftest import send_mail

ENHANCE = {"preset": "enhance"}


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def forget_answers(user: Any) -> None:
    """As after a crash between recording and answering."""
    with psycopg.connect(user.followers.url, autocommit=True) as connection:
        connection.execute("DELETE FROM stage.answers")


def job(upload_id: str, **more: Any) -> dict[str, Any]:
    return {"photos": [{"upload_id": upload_id}], "brief": ENHANCE, **more}


def test_a_repeated_submission_gets_the_same_answer_and_makes_one_job(ada: Any, key: dict[str, str]) -> None:
    asked = job(ada.upload())

    first, again = ada.post("/jobs", asked, headers=key), ada.post("/jobs", asked, headers=key)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    for name in ("location", "event-position", "content-type"):
        assert first.headers[name] == again.headers[name]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    ada.followers.catch_up()
    assert len(ada.get("/jobs").json()["items"]) == 1
    assert ada.get("/billing/credits").json()["held"] == 1


def test_the_answer_stays_the_same_whatever_became_of_the_job_since(ada: Any, key: dict[str, str]) -> None:
    asked = job(ada.upload())
    first = ada.post("/jobs", asked, headers=key)
    ada.stage(first.json()["job_id"])

    assert ada.post("/jobs", asked, headers=key).content == first.content
    forget_answers(ada)
    assert ada.post("/jobs", asked, headers=key).content == first.content


def test_another_body_under_the_same_key_is_a_conflict(ada: Any, key: dict[str, str]) -> None:
    upload_id = ada.upload()
    ada.post("/jobs", job(upload_id), headers=key)

    answer = ada.post("/jobs", job(upload_id, group_name="12 Elm Street"), headers=key)

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


def test_the_same_body_written_differently_is_the_same_request(ada: Any, key: dict[str, str]) -> None:
    asked = job(ada.upload())
    first = ada.post("/jobs", asked, headers=key)

    again = ada.post("/jobs", {"brief": ENHANCE, "group_name": None, "photos": asked["photos"]}, headers=key)

    assert again.content == first.content


def test_a_crash_between_recording_and_answering_is_made_good(ada: Any, key: dict[str, str]) -> None:
    asked = job(ada.upload())
    first = ada.post("/jobs", asked, headers=key)
    forget_answers(ada)

    again = ada.post("/jobs", asked, headers=key)

    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert int(again.headers["event-position"]) >= int(first.headers["event-position"])


@pytest.mark.parametrize("what", ["job", "upload", "register"])
def test_twenty_twins_at_once_make_one_thing(ada: Any, photo: bytes, key: dict[str, str], what: str) -> None:
    asked = job(ada.upload())
    newcomer = {"email": "bea@example.com", "password": "a long walk in the rain", "name": "Bea"}
    send: dict[str, Callable[[], Any]] = {
        "job": lambda: ada.post("/jobs", asked, headers=key),
        "upload": lambda: ada.post("/uploads", files={"photo": ("a.jpg", photo)}, headers=key),
        "register": lambda: ada.post("/auth/register", newcomer, headers=key),
    }

    with ThreadPoolExecutor(20) as threads:
        answers = [one.result() for one in [threads.submit(send[what]) for _ in range(20)]]

    assert {answer.status_code for answer in answers} <= {201, 202}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


def test_a_refusal_by_the_rules_is_given_again(ada: Any, key: dict[str, str]) -> None:
    asked = {"photos": [{"upload_id": ada.upload()} for _ in range(4)], "brief": ENHANCE}

    first, again = ada.post("/jobs", asked, headers=key), ada.post("/jobs", asked, headers=key)

    assert (first.status_code, first.json()["code"]) == (402, "insufficient_credits")
    assert again.content == first.content
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["idempotent-replayed"] == "true"


def test_what_was_refused_stays_refused_and_leaves_nothing_though_it_could_be_done_by_now(
    ada: Any, key: dict[str, str]
) -> None:
    asked = {"photos": [{"upload_id": ada.upload()} for _ in range(4)], "brief": ENHANCE}
    first = ada.post("/jobs", asked, headers=key)
    with psycopg.connect(ada.followers.url) as connection:
        ((ada_id,),) = connection.execute("SELECT DISTINCT user_id FROM stage.uploads").fetchall()
    ada.container.credits.grant_promo(uuid4(), user_id=ada_id, credits=4, reference="now it could")

    again = ada.post("/jobs", asked, headers=key)

    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    ada.followers.catch_up()
    assert ada.get("/jobs").json()["items"] == []
    assert ada.get("/billing/credits").json()["held"] == 0
    assert ada.post("/jobs", asked, headers={"Idempotency-Key": str(uuid4())}).status_code == 202


def test_another_body_under_a_used_key_leaves_nothing(ada: Any, key: dict[str, str]) -> None:
    refused = {"photos": [{"upload_id": ada.upload()} for _ in range(4)], "brief": ENHANCE}
    ada.post("/jobs", refused, headers=key)

    answer = ada.post("/jobs", job(ada.upload()), headers=key)

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    ada.followers.catch_up()
    assert ada.get("/jobs").json()["items"] == []
    assert ada.get("/billing/credits").json()["held"] == 0


def test_a_body_that_cannot_be_read_does_not_use_up_its_key(ada: Any, key: dict[str, str]) -> None:
    assert ada.post("/jobs", {"photos": 7}, headers=key).status_code == 422

    assert ada.post("/jobs", job(ada.upload()), headers=key).status_code == 202


def test_two_users_with_the_same_key_are_two(users: Any, key: dict[str, str]) -> None:
    ada, bea = users.join("ada@example.com"), users.join("bea@example.com")

    mine = ada.post("/jobs", job(ada.upload()), headers=key)
    hers = bea.post("/jobs", job(bea.upload()), headers=key)

    assert (mine.status_code, hers.status_code) == (202, 202)
    assert mine.json()["job_id"] != hers.json()["job_id"]


def test_an_upload_is_the_same_by_its_bytes_and_name(ada: Any, photo: bytes, key: dict[str, str]) -> None:
    def send(content: bytes, name: str) -> Any:
        return ada.post("/uploads", files={"photo": (name, content)}, headers=key)

    first = send(photo, "hall.jpg")

    assert send(photo, "hall.jpg").content == first.content
    assert send(photo, "kitchen.jpg").json()["code"] == "idempotency_conflict"
    assert send(photo + b"\0", "hall.jpg").json()["code"] == "idempotency_conflict"


def test_a_verification_mail_is_sent_once_for_one_key(users: Any, key: dict[str, str]) -> None:
    user = users.join("bea@example.com", verified=False)

    def send() -> Any:
        return user.post("/auth/verification", headers=key)

    first, again = send(), send()

    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    send_mail(user.container)
    assert len(list(Path(user.container.settings.outbox).glob("*.eml"))) == 1


def test_registering_again_under_the_same_key_is_the_same_account(ada: Any, key: dict[str, str]) -> None:
    asked = {"email": "bea@example.com", "password": "a long walk in the rain", "name": "Bea"}
    first = ada.post("/auth/register", asked, headers=key)

    assert ada.post("/auth/register", asked, headers=key).content == first.content
    forget_answers(ada)
    assert ada.post("/auth/register", asked, headers=key).content == first.content
    other = ada.post("/auth/register", {**asked, "password": "another long walk"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_kept_answers_show_nobody_what_is_in_them(ada: Any, photo: bytes, key: dict[str, str]) -> None:
    ada.post("/uploads", files={"photo": ("my secret home.jpg", photo)}, headers=key)

    with psycopg.connect(ada.followers.url) as connection:
        kept = str(connection.execute("SELECT * FROM stage.answers").fetchall())
    assert "secret" not in kept
    assert "sealed:1:" in kept


def test_answers_go_after_a_day(ada: Any, key: dict[str, str]) -> None:
    asked = job(ada.upload())
    first = ada.post("/jobs", asked, headers=key)
    with psycopg.connect(ada.followers.url, autocommit=True) as connection:
        connection.execute("UPDATE stage.answers SET expires_at = clock_timestamp()")

        later = ada.post("/jobs", asked, headers=key)
        assert (later.status_code, later.json()) == (202, first.json())
        assert "idempotent-replayed" not in later.headers

        connection.execute("UPDATE stage.answers SET expires_at = clock_timestamp()")
        assert ada.container.retention.remove_leftovers()["answers"] == 1
