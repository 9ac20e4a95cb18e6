"""Variations and favourites over HTTP, and photos that are given as links."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.personal import Personal


@pytest.fixture
def varied(ada: Any) -> tuple[Any, str, str]:
    """Ada, a job of hers, and a variation of it; both are staged."""
    job_id = ada.submit()
    ada.stage(job_id)
    variation = ada.post("/jobs", {"photos": [], "brief": {"preset": "enhance"}, "parent_job_id": job_id})
    ada.stage(variation.json()["job_id"])
    return ada, job_id, variation.json()["job_id"]


def the_photo(user: Any, job_id: str) -> str:
    (photo,) = user.get(f"/jobs/{job_id}").json()["photos"]
    photo_id: str = photo["photo_id"]
    return photo_id


def lineage(user: Any, job_id: str) -> list[dict[str, Any]]:
    user.followers.catch_up()
    answer = user.get(f"/jobs/{job_id}/photos/{the_photo(user, job_id)}/variations")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_lineage_is_told_the_same_from_each_of_its_photos(varied: tuple[Any, str, str]) -> None:
    ada, job_id, variation = varied

    items = lineage(ada, variation)

    assert items == lineage(ada, job_id)
    assert [(item["job_id"], item["parent_job_id"]) for item in items] == [
        (job_id, None),
        (variation, job_id),
    ]
    assert all(ada.get(item["links"]["result"].removeprefix("/api/v1")).status_code == 200 for item in items)


def test_the_favourite_of_a_lineage_is_one(varied: tuple[Any, str, str]) -> None:
    ada, job_id, variation = varied
    for job in (job_id, variation):
        answer = ada._request("PUT", f"/jobs/{job}/photos/{the_photo(ada, job)}/favourite")
        assert (answer.status_code, "event-position" in answer.headers) == (204, True)
    assert [item["favourite"] for item in lineage(ada, job_id)] == [False, True]

    ada._request("DELETE", f"/jobs/{variation}/photos/{the_photo(ada, variation)}/favourite")
    assert [item["favourite"] for item in lineage(ada, job_id)] == [False, False]


def test_a_lineage_of_a_deleted_job_is_shown_to_nobody(varied: tuple[Any, str, str], users: Any) -> None:
    ada, job_id, variation = varied
    photo = the_photo(ada, job_id)
    stranger = users.join("bob@example.com")
    assert stranger.get(f"/jobs/{job_id}/photos/{photo}/variations").status_code == 404

    ada._request("DELETE", f"/jobs/{job_id}")

    assert [item["job_id"] for item in lineage(ada, variation)] == [variation]
    assert ada.get(f"/jobs/{job_id}/photos/{photo}/variations").status_code == 404


def test_a_job_takes_links_and_uploads_together(ada: Any) -> None:
    link = "https://photos.example.com/house/hall%20way.jpg"
    answer = ada.post(
        "/jobs",
        {"photos": [{"url": link}, {"upload_id": ada.upload()}], "brief": {"preset": "enhance"}},
    )
    assert answer.status_code == 202, answer.text
    ada.followers.catch_up()
    job = ada.get(f"/jobs/{answer.json()['job_id']}").json()

    linked, uploaded = job["photos"]
    assert (linked["name"], set(linked["links"].values())) == ("hall way.jpg", {None})
    assert uploaded["links"]["original"]
    for what in ("original", "preview", "result"):
        assert ada.get(f"/jobs/{job['job_id']}/photos/{linked['photo_id']}/{what}").status_code == 404
    kept = ada.container.jobs.owned(UUID(job["job_id"]), ada.user_id).photos[UUID(linked["photo_id"])]
    assert kept.link == Personal(link)


@pytest.mark.parametrize(
    "photo", [{}, {"url": None}, {"url": "https://a.example/b.jpg", "upload_id": str(uuid4())}, {"url": ""}]
)
def test_a_photo_is_an_upload_or_a_link(resident: Any, photo: dict[str, Any]) -> None:
    answer = resident.post("/jobs", {"photos": [photo], "brief": {"preset": "enhance"}})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["field"].startswith("photos[0]")
