"""Stopping, retrying, renaming and deleting jobs, and new briefs on earlier photos."""

from typing import Any
from uuid import UUID, uuid4

import pytest

ENHANCE = {"preset": "enhance"}
UNREADABLE = ["7.0", '"7.0', '*, "1.0"', "", ",", '"1.0" "2.0"']
NEVER_GIVEN = [
    '"something-else"',
    '"one,two"',
    ' ,"one" ,, W/"two",',
    'W/"something-else"',
    '"999999999999999999.0"',
    '"99999999999999999999999999.0"',
]


def fail(user: Any, job_id: str) -> None:
    job = user.container.jobs.owned(UUID(job_id), user.user_id)
    for photo_id in job.photos:
        user.container.jobs.record_failed(job.id, photo_id, "staging_failed")
    user.followers.catch_up()


def test_a_cancelled_job_gives_its_credits_back(ada: Any) -> None:
    job_id = ada.submit(photos=2)
    ada.stage(job_id, photos=1)

    answer = ada.post(f"/jobs/{job_id}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["counts"] == {
        "photos": 2,
        "pending": 0,
        "staged": 1,
        "refused": 0,
        "failed": 0,
        "cancelled": 1,
    }
    position = {"Wait-For-Position": answer.headers["event-position"]}
    ada.followers.catch_up()
    shown = ada.get(f"/jobs/{job_id}", headers=position)
    assert (shown.json()["status"], shown.headers["etag"]) == ("cancelled", answer.headers["etag"])
    credits_left = ada.get("/billing/credits").json()
    assert (credits_left["available"], credits_left["held"], credits_left["spent"]) == (2, 0, 1)


def test_cancelling_twice_is_the_same_and_a_completed_job_cannot_be_cancelled(ada: Any) -> None:
    cancelled, completed = ada.submit(), ada.submit()
    ada.stage(completed)

    assert [ada.post(f"/jobs/{cancelled}/cancel").status_code for _ in range(2)] == [200, 200]
    answer = ada.post(f"/jobs/{completed}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_already_ended")


def test_failed_photos_are_tried_again_as_a_new_job(ada: Any) -> None:
    job_id = ada.submit(photos=2, group_name="12 Elm Street")
    fail(ada, job_id)
    key = {"Idempotency-Key": str(uuid4())}

    answer, again = (ada.post(f"/jobs/{job_id}/retry", headers=key) for _ in range(2))

    assert (answer.status_code, again.content) == (202, answer.content)
    assert answer.headers["location"] == answer.json()["links"]["job"]
    ada.followers.catch_up()
    retried = ada.get(f"/jobs/{answer.json()['job_id']}").json()
    assert (retried["parent_job_id"], retried["counts"]["photos"]) == (job_id, 2)
    assert retried["group_name"] == "12 Elm Street"


def test_there_must_be_something_to_try_again(ada: Any) -> None:
    job_id = ada.submit()
    assert ada.post(f"/jobs/{job_id}/retry").json()["code"] == "job_not_ended"

    ada.stage(job_id)
    assert ada.post(f"/jobs/{job_id}/retry").json()["code"] == "nothing_to_retry"


def test_a_new_brief_takes_the_photos_of_an_earlier_job(ada: Any) -> None:
    parent = ada.submit(photos=1)
    ada.stage(parent)

    answer = ada.post(
        "/jobs", {"photos": [], "brief": {**ENHANCE, "prompt": "warmer"}, "parent_job_id": parent}
    )

    assert answer.status_code == 202, answer.text
    ada.followers.catch_up()
    child = ada.get(f"/jobs/{answer.json()['job_id']}").json()
    assert (child["parent_job_id"], child["counts"]["photos"]) == (parent, 1)


def test_somebody_elses_job_is_no_parent(users: Any) -> None:
    ada, bea = users.join("ada@example.com"), users.join("bea@example.com")

    answer = bea.post("/jobs", {"photos": [], "brief": ENHANCE, "parent_job_id": ada.submit()})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_job_is_renamed_if_it_is_as_it_was_seen(ada: Any) -> None:
    job_id = ada.submit()
    ada.followers.catch_up()
    seen = ada.get(f"/jobs/{job_id}").headers["etag"]

    renamed = ada.client.patch(
        f"/api/v1/jobs/{job_id}", json={"group_name": " Elm "}, headers={**ada.headers, "If-Match": seen}
    )

    assert (renamed.status_code, renamed.json()["group_name"]) == (200, "Elm")
    ada.followers.catch_up()
    shown = ada.get(f"/jobs/{job_id}")
    assert (shown.json()["group_name"], shown.headers["etag"]) == ("Elm", renamed.headers["etag"])
    late = ada.client.patch(
        f"/api/v1/jobs/{job_id}", json={"group_name": "Oak"}, headers={**ada.headers, "If-Match": seen}
    )
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert ada.get(f"/jobs/{job_id}").json()["group_name"] == "Elm"


@pytest.mark.parametrize("if_match", ["*", None])
def test_a_job_is_renamed_whatever_was_seen(ada: Any, if_match: str | None) -> None:
    headers = {**ada.headers, **({"If-Match": if_match} if if_match else {})}

    answer = ada.client.patch(f"/api/v1/jobs/{ada.submit()}", json={"group_name": None}, headers=headers)

    assert (answer.status_code, answer.json()["group_name"]) == (200, None)


def test_an_etag_that_a_proxy_has_made_weak_still_names_the_version(ada: Any) -> None:
    """As nginx does whenever it compresses."""
    job_id = ada.submit()
    ada.followers.catch_up()
    seen = f"W/{ada.get(f'/jobs/{job_id}').headers['etag']}"

    first, second = (
        ada.client.patch(
            f"/api/v1/jobs/{job_id}", json={"group_name": name}, headers={**ada.headers, "If-Match": seen}
        )
        for name in ("Elm", "Oak")
    )

    assert (first.status_code, first.json()["group_name"]) == (200, "Elm")
    assert (second.status_code, second.json()["code"]) == (412, "precondition_failed")


def test_a_bad_if_match_is_told(ada: Any) -> None:
    path = f"/api/v1/jobs/{ada.submit()}"
    told = {
        if_match: ada.client.patch(
            path, json={"group_name": "Elm"}, headers={**ada.headers, "If-Match": if_match}
        )
        for if_match in [*UNREADABLE, *NEVER_GIVEN]
    }

    for if_match in UNREADABLE:
        assert (told[if_match].status_code, told[if_match].json()["code"]) == (400, "if_match_invalid")
    for if_match in NEVER_GIVEN:
        assert (told[if_match].status_code, told[if_match].json()["code"]) == (412, "precondition_failed")


def test_what_is_refused_anyway_is_told_before_that_it_has_changed(ada: Any) -> None:
    stale = {**ada.headers, "If-Match": '"99.0"'}
    job = ada.client.patch(f"/api/v1/jobs/{ada.submit()}", json={"group_name": "x" * 141}, headers=stale)
    me = ada.client.patch("/api/v1/me", json={"name": "x" * 101}, headers=stale)

    assert (job.status_code, job.json()["code"]) == (422, "group_name_too_long")
    assert (me.status_code, me.json()["code"]) == (422, "name_too_long")


def test_a_group_name_of_141_characters_is_told(ada: Any) -> None:
    answer = ada.client.patch(
        f"/api/v1/jobs/{ada.submit()}", json={"group_name": "x" * 141}, headers=ada.headers
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "group_name_too_long")
    assert (answer.json()["length"], answer.json()["limit"]) == (141, 140)


def test_a_deleted_job_is_gone_and_its_credits_are_back(ada: Any) -> None:
    job_id = ada.submit()

    answer = ada.client.delete(f"/api/v1/jobs/{job_id}", headers=ada.headers)

    assert (answer.status_code, answer.content) == (204, b"")
    ada.followers.catch_up()
    assert ada.get(f"/jobs/{job_id}").status_code == 404
    assert ada.get("/jobs").json()["items"] == []
    assert ada.get("/billing/credits").json()["available"] == 3
    assert ada.client.delete(f"/api/v1/jobs/{job_id}", headers=ada.headers).status_code == 404


@pytest.mark.parametrize("action", ["cancel", "retry", "rename", "delete", "events"])
def test_somebody_elses_job_is_not_there(users: Any, action: str) -> None:
    ada, bea = users.join("ada@example.com"), users.join("bea@example.com")
    path = f"/api/v1/jobs/{ada.submit()}"
    method, suffix, body = {
        "cancel": ("POST", "/cancel", None),
        "retry": ("POST", "/retry", None),
        "rename": ("PATCH", "", {"group_name": "mine"}),
        "delete": ("DELETE", "", None),
        "events": ("GET", "/events", None),
    }[action]

    answer = bea.client.request(method, path + suffix, json=body, headers=bea.headers)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
