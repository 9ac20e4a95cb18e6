"""A photo's original and result, as files."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from interfaces.rest.files import disposition


@pytest.fixture
def staged(ada: Any, photo: bytes) -> tuple[Any, str]:
    """Ada and the address of her one photo, staged."""
    job_id = ada.submit()
    ada.stage(job_id, photo)
    (shown,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    return ada, f"/jobs/{job_id}/photos/{shown['photo_id']}"


def test_a_result_is_sent_as_the_picture_that_it_is(staged: tuple[Any, str], photo: bytes) -> None:
    ada, path = staged

    answer = ada.get(f"{path}/result")

    assert (answer.status_code, answer.content) == (200, photo)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'inline; filename="01-living-room-enhanced.jpg"' in answer.headers["content-disposition"]


def test_the_original_is_sent_under_its_own_name(staged: tuple[Any, str]) -> None:
    ada, path = staged

    answer = ada.get(f"{path}/original")

    assert answer.status_code == 200
    assert 'filename="01-living-room.jpg"' in answer.headers["content-disposition"]


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
