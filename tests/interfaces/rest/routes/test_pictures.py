"""A photo's original and result, as files."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.photo_job import PhotoJob
from domain.pictures import PictureKind, Removal
from interfaces.rest.files import disposition
from tests.interfaces.rest.conftest import picture


@pytest.fixture
def staged(ada: Any) -> tuple[Any, str]:
    """Ada and the address of her one photo, staged."""
    job_id = ada.submit()
    ada.stage(job_id, picture("blue"))
    (shown,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    return ada, f"/jobs/{job_id}/photos/{shown['photo_id']}"


def test_a_result_is_sent_as_the_picture_that_it_is(staged: tuple[Any, str]) -> None:
    ada, path = staged

    answer = ada.get(f"{path}/result")

    assert (answer.status_code, answer.content) == (200, picture("blue"))
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'inline; filename="living-room-1-enhanced.jpg"' in answer.headers["content-disposition"]


def test_the_original_is_sent_under_its_own_name(staged: tuple[Any, str]) -> None:
    ada, path = staged

    answer = ada.get(f"{path}/original")

    assert answer.status_code == 200
    assert 'filename="living-room-1-original.jpg"' in answer.headers["content-disposition"]


def test_whoever_has_the_picture_is_not_sent_it_again(staged: tuple[Any, str]) -> None:
    ada, path = staged
    etag = ada.get(f"{path}/result").headers["etag"]

    answer = ada.get(f"{path}/result", headers={"If-None-Match": f'"other", W/{etag}'})

    assert (answer.status_code, answer.content) == (304, b"")


def test_a_photo_that_is_not_staged_has_no_result(ada: Any) -> None:
    job_id = ada.submit()
    ada.followers.catch_up()
    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]

    assert photo["links"]["result"] is None
    assert ada.get(f"/jobs/{job_id}/photos/{photo['photo_id']}/result").status_code == 404
    assert ada.get(f"/jobs/{job_id}/photos/{uuid4()}/original").status_code == 404


def test_a_picture_that_is_no_longer_kept_is_told(staged: tuple[Any, str]) -> None:
    ada, path = staged
    folder = Path(ada.container.settings.object_store_url.removeprefix("file://"))
    sha256 = ada.get(f"{path}/result").headers["etag"].strip('"')
    next(found for found in folder.rglob(sha256) if "results" in found.parts).unlink()

    answer = ada.get(f"{path}/result")

    assert (answer.status_code, answer.json()["code"]) == (404, "picture_not_found")


@pytest.mark.parametrize("name", ['a"b.jpg', "a\r\nSet-Cookie: x.jpg", "küche.jpg", "100%.jpg", "a;b.jpg"])
def test_a_name_cannot_break_out_of_its_header(name: str) -> None:
    header = disposition(name, attachment=True)

    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def give_up(user: Any, job_id: str, *kinds: PictureKind) -> None:
    """As happens when the term of these pictures is over."""
    job = user.container.store.get(PhotoJob, UUID(job_id))
    job.remove_pictures(kinds, Removal.TERM_OVER)
    user.container.store.save(job)
    user.followers.catch_up()


def test_results_that_were_kept_for_their_term_are_gone_and_originals_are_not(
    staged: tuple[Any, str],
) -> None:
    ada, path = staged
    job_id = path.split("/")[2]
    before = ada.get(f"/jobs/{job_id}")
    links = before.json()["photos"][0]["links"]

    give_up(ada, job_id, PictureKind.RESULTS)

    for gone in (f"{path}/result", links["preview"].removeprefix("/api/v1"), f"/jobs/{job_id}/download"):
        answer = ada.get(gone)
        assert (answer.status_code, answer.json()["code"]) == (410, "picture_removed")
        assert answer.json()["removed_at"] in answer.json()["detail"]
    after = ada.get(f"/jobs/{job_id}", headers={"If-None-Match": before.headers["etag"]}).json()
    (photo,) = after["photos"]
    assert (photo["status"], photo["links"]["result"], after["links"]["download"]) == ("staged", None, None)
    assert photo["links"]["preview"] == photo["links"]["original_preview"] == links["original_preview"]
    assert ada.get(f"{path}/original").status_code == 200
    assert ada.get(f"{path}/preview").status_code == 200


def test_a_photo_of_which_nothing_is_kept_has_no_links(staged: tuple[Any, str]) -> None:
    ada, path = staged
    job_id = path.split("/")[2]

    give_up(ada, job_id, *PictureKind)

    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    assert {name for name, link in photo["links"].items() if link} == {"provenance"}
    assert ada.get(f"{path}/original").json()["code"] == "picture_removed"
    assert ada.get(f"{path}/preview").json()["code"] == "picture_removed"
    renamed = ada.patch(f"/jobs/{job_id}", {"group_name": "12 Elm Street"})
    ada.followers.catch_up()
    assert ada.get(f"/jobs/{job_id}").headers["etag"] == renamed.headers["etag"]


@pytest.mark.parametrize("which", ["original", "result"])
def test_a_part_of_a_picture_can_be_asked_for(staged: tuple[Any, str], which: str) -> None:
    ada, path = staged
    whole = ada.get(f"{path}/{which}")
    size = len(whole.content)

    part = ada.get(f"{path}/{which}", headers={"Range": "bytes=10-19"})
    tail = ada.get(f"{path}/{which}", headers={"Range": "bytes=-5", "If-Range": whole.headers["etag"]})
    stale = ada.get(f"{path}/{which}", headers={"Range": "bytes=-5", "If-Range": '"other"'})
    beyond = ada.get(f"{path}/{which}", headers={"Range": f"bytes={size}-"})

    assert (whole.headers["accept-ranges"], whole.headers["content-length"]) == ("bytes", str(size))
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{size}"
    assert (tail.status_code, tail.content) == (206, whole.content[-5:])
    assert (stale.status_code, stale.content) == (200, whole.content)
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")


def test_photos_name_the_uploads_they_came_from(staged: tuple[Any, str]) -> None:
    ada, path = staged
    job_id = path.split("/")[2]
    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    asked = {"brief": {"preset": "enhance"}, "parent_job_id": job_id}

    named = ada.post("/jobs", {**asked, "photos": [{"upload_id": photo["upload_id"]}]})
    all_of_them = ada.post("/jobs", asked)

    for answer in (named, all_of_them):
        assert answer.status_code == 202
        assert [one["upload_id"] for one in answer.json()["photos"]] == [photo["upload_id"]]
    assert ada.post("/jobs", {"brief": {"preset": "enhance"}}).json()["code"] == "wrong_number_of_photos"
