"""Submitting photos with a brief, following jobs, and the list of them."""

from typing import Any
from uuid import uuid4

import pytest

ENHANCE = {"preset": "enhance"}


def test_a_submitted_job_is_accepted_with_its_photos_and_links(ada: Any) -> None:
    uploads = [ada.upload(), ada.upload()]

    answer = ada.post("/jobs", {"photos": [{"upload_id": one} for one in uploads], "brief": ENHANCE})

    assert answer.status_code == 202
    job = answer.json()
    assert job["status"] == "pending"
    assert [photo["upload_id"] for photo in job["photos"]] == uploads
    assert [photo["number"] for photo in job["photos"]] == [1, 2]
    assert job["links"] == {"job": f"/api/v1/jobs/{job['job_id']}", "download": None}
    assert answer.headers["location"] == job["links"]["job"]
    assert int(answer.headers["event-position"]) > 0


def test_a_job_shows_its_brief_its_counts_and_each_photo(ada: Any) -> None:
    brief = {"preset": "enhance", "room_type": "kitchen", "style": "modern", "prompt": " warm light "}
    answer = ada.post(
        "/jobs", {"photos": [{"upload_id": ada.upload()}], "brief": brief, "group_name": "12 Elm Street"}
    )
    job_id = answer.json()["job_id"]
    ada.stage(job_id)

    job = ada.get(f"/jobs/{job_id}").json()

    assert job["brief"] == {**brief, "prompt": "warm light"}
    assert (job["group_name"], job["status"]) == ("12 Elm Street", "completed")
    assert job["counts"] == {
        "photos": 1,
        "pending": 0,
        "staged": 1,
        "refused": 0,
        "failed": 0,
        "cancelled": 0,
    }
    (photo,) = job["photos"]
    assert (photo["name"], photo["status"], photo["engine"]) == ("living room.jpg", "staged", "darkroom")
    assert photo["links"]["result"] == f"/api/v1/jobs/{job_id}/photos/{photo['photo_id']}/result"
    assert job["links"]["download"] == f"/api/v1/jobs/{job_id}/download"
    assert job["submitted_at"] <= photo["resolved_at"] <= job["ended_at"]
    assert job["ended_at"].endswith("Z")


def test_a_job_is_never_shown_as_ended_before_all_its_photos_are(ada: Any) -> None:
    job_id = ada.submit(photos=2)
    ada.stage(job_id, photos=1)
    halfway = ada.get(f"/jobs/{job_id}")

    assert (halfway.json()["status"], halfway.json()["ended_at"]) == ("processing", None)
    assert halfway.json()["links"]["download"] is not None

    ada.stage(job_id)
    ended = ada.get(f"/jobs/{job_id}")

    assert ended.json()["status"] == "completed"
    assert ended.headers["etag"] != halfway.headers["etag"]


def test_a_client_that_has_the_job_as_it_is_gets_no_news(ada: Any) -> None:
    job_id = ada.submit()
    ada.followers.catch_up()
    etag = ada.get(f"/jobs/{job_id}").headers["etag"]

    assert ada.get(f"/jobs/{job_id}", headers={"If-None-Match": etag}).status_code == 304

    ada.stage(job_id)

    assert ada.get(f"/jobs/{job_id}", headers={"If-None-Match": etag}).status_code == 200


def test_a_repeated_request_with_the_same_key_makes_one_job(ada: Any) -> None:
    body = {"photos": [{"upload_id": ada.upload()}], "brief": ENHANCE}
    key = {"Idempotency-Key": "3f0c"}

    first, again = ada.post("/jobs", body, headers=key), ada.post("/jobs", body, headers=key)

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    ada.followers.catch_up()
    assert len(ada.get("/jobs").json()["items"]) == 1
    assert ada.get("/billing/credits").json()["held"] == 1


def test_the_same_key_of_two_users_makes_two_jobs(ada: Any, users: Any) -> None:
    grace = users.join("grace@example.com")
    key = {"Idempotency-Key": "1"}

    jobs = {
        user.post("/jobs", {"photos": [{"upload_id": user.upload()}], "brief": ENHANCE}, headers=key).json()[
            "job_id"
        ]
        for user in (ada, grace)
    }

    assert len(jobs) == 2


def test_more_photos_than_credits_are_told_with_both_numbers(ada: Any) -> None:
    uploads = [{"upload_id": ada.upload()} for _ in range(4)]

    answer = ada.post("/jobs", {"photos": uploads, "brief": ENHANCE})

    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_credits")
    assert (answer.json()["needed"], answer.json()["available"]) == (4, 3)
    ada.followers.catch_up()
    assert ada.get("/billing/credits").json()["available"] == 3


@pytest.mark.parametrize(
    ("brief", "code"),
    [
        ({"preset": "custom"}, "prompt_needed"),
        ({"preset": "stage"}, "preset_unavailable"),
        ({"preset": "enhance", "prompt": "x" * 501}, "prompt_too_long"),
    ],
)
def test_a_brief_that_cannot_be_done_is_told(resident: Any, brief: dict[str, str], code: str) -> None:
    answer = resident.post("/jobs", {"photos": [{"upload_id": resident.upload()}], "brief": brief})

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_an_unavailable_preset_is_told_with_those_that_are_not(resident: Any) -> None:
    photos = [{"upload_id": resident.upload()}]

    answer = resident.post("/jobs", {"photos": photos, "brief": {"preset": "stage"}})

    assert answer.json()["available"] == ["enhance"]


@pytest.mark.parametrize("count", [0, 31, 900])
def test_a_job_has_one_to_thirty_photos(resident: Any, count: int) -> None:
    photos = [{"upload_id": str(uuid4())} for _ in range(count)]

    answer = resident.post("/jobs", {"photos": photos, "brief": ENHANCE})

    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_number_of_photos")
    assert (answer.json()["count"], answer.json()["limit"]) == (count, 30)


def test_an_upload_cannot_be_unknown_anothers_twice_in_a_job_or_used(ada: Any, users: Any) -> None:
    used, mine = ada.upload(), ada.upload()
    ada.post("/jobs", {"photos": [{"upload_id": used}], "brief": ENHANCE})
    anothers = users.join("grace@example.com").upload()

    def code(*uploads: str) -> str:
        answer = ada.post("/jobs", {"photos": [{"upload_id": one} for one in uploads], "brief": ENHANCE})
        return str(answer.json()["code"])

    assert code(str(uuid4())) == "upload_not_found"
    assert code(anothers) == "upload_not_found"
    assert code(mine, mine) == "photo_given_twice"
    assert code(mine, used) == "upload_already_used"


def test_a_group_name_has_its_length(resident: Any) -> None:
    answer = resident.post(
        "/jobs",
        {"photos": [{"upload_id": resident.upload()}], "brief": ENHANCE, "group_name": "x" * 141},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "group_name_too_long")


def test_anothers_job_is_not_there(ada: Any, users: Any) -> None:
    job_id = ada.submit()
    ada.stage(job_id)
    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    grace = users.join("grace@example.com")

    for path in (
        f"/jobs/{job_id}",
        f"/jobs/{job_id}/download",
        f"/jobs/{job_id}/photos/{photo['photo_id']}/original",
        f"/jobs/{job_id}/photos/{photo['photo_id']}/result",
        f"/jobs/{uuid4()}",
        "/jobs/not-an-id",
    ):
        answer = grace.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert grace.get("/jobs").json()["items"] == []


def test_a_deleted_job_is_not_there(ada: Any) -> None:
    job_id = ada.submit()
    job = ada.container.jobs.owned(*_ids(job_id, ada))
    job.delete()
    ada.container.store.save(job)
    ada.followers.catch_up()

    assert ada.get(f"/jobs/{job_id}").status_code == 404
    assert ada.get("/jobs").json()["items"] == []


def test_the_list_is_cut_into_pages_newest_first(ada: Any) -> None:
    jobs = [ada.submit() for _ in range(3)]
    ada.followers.catch_up()

    first = ada.get("/jobs", params={"limit": 2}).json()
    last = ada.get("/jobs", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [job["job_id"] for job in first["items"] + last["items"]] == jobs[::-1]
    assert last["next_cursor"] is None
    assert first["items"][0]["counts"]["pending"] == 1


@pytest.mark.parametrize("cursor", ["", "nonsense", "AAAAAAAAACo=", "_________________", "////////////", "é"])
def test_a_cursor_that_no_list_gave_out_is_told(resident: Any, cursor: str) -> None:
    answer = resident.get("/jobs", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "all", ""])
def test_a_page_has_one_to_a_hundred(resident: Any, limit: str) -> None:
    answer = resident.get("/jobs", params={"limit": limit})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "limit")


def _ids(job_id: str, user: Any) -> tuple[Any, Any]:
    return type(user.user_id)(job_id), user.user_id


def test_a_list_is_sent_again_only_when_something_on_it_has_changed(ada: Any) -> None:
    job_id = ada.submit()
    ada.followers.catch_up()
    first, again = ada.get("/jobs"), ada.get("/jobs")
    etag = {"If-None-Match": first.headers["etag"]}

    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert (ada.get("/jobs", headers=etag).status_code, ada.get("/jobs", headers=etag).content) == (304, b"")

    ada.patch(f"/jobs/{job_id}", {"group_name": "12 Elm Street"})
    ada.followers.catch_up()
    changed = ada.get("/jobs", headers=etag)
    assert (changed.status_code, changed.json()["items"][0]["group_name"]) == (200, "12 Elm Street")
    assert ada.get("/dashboard").json()["newest_jobs"] == changed.json()["items"]

    ada.client.delete(f"/api/v1/jobs/{job_id}", headers=ada.headers)
    ada.followers.catch_up()
    assert ada.get("/jobs").json() == {"items": [], "next_cursor": None}
    assert ada.get("/dashboard").json()["newest_jobs"] == []


def test_a_list_shows_nothing_of_whom_was_forgotten(ada: Any) -> None:
    ada.submit(group_name="12 Elm Street")
    ada.followers.catch_up()
    assert "Elm" in ada.get("/jobs").text

    ada.container.keyring.destroy(ada.user_id)

    assert "Elm" not in ada.get("/jobs").text
    assert "Elm" not in ada.get("/dashboard").text
