"""A photo's pictures in smaller sizes."""

import io
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.interfaces.rest.conftest import picture

FOREVER = "private, max-age=31536000, immutable"


@pytest.fixture
def staged(ada: Any) -> tuple[Any, dict[str, Any]]:
    """Ada and her one photo, staged."""
    upload = ada.upload(picture("grey", (2000, 1000)))
    job_id = ada.post("/jobs", {"photos": [{"upload_id": upload}], "brief": {"preset": "enhance"}}).json()[
        "job_id"
    ]
    ada.stage(job_id, picture("blue", (1800, 900)))
    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    return ada, photo


def fetch(user: Any, link: str, **headers: str) -> Any:
    return user.get(link.removeprefix("/api/v1"), headers=headers)


def shown(answer: Any) -> Any:
    return Image.open(io.BytesIO(answer.content))


def test_links_lead_to_previews_that_can_be_cached_for_ever(staged: tuple[Any, Any]) -> None:
    ada, photo = staged

    for name, size in (
        ("preview", (1600, 800)),
        ("thumbnail", (400, 200)),
        ("original_preview", (1600, 800)),
    ):
        first, again = (fetch(ada, photo["links"][name]) for _ in range(2))
        assert (first.status_code, first.headers["content-type"]) == (200, "image/jpeg")
        assert shown(first).size == size
        assert first.headers["cache-control"] == FOREVER
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])


def test_without_a_hash_the_newest_is_shown_and_asked_for_again(ada: Any) -> None:
    job_id = ada.submit()
    ada.followers.catch_up()
    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    path = f"/jobs/{job_id}/photos/{photo['photo_id']}/preview"

    before = ada.get(path)
    ada.stage(job_id, picture("blue"))
    after = ada.get(path)

    assert before.headers["cache-control"] == after.headers["cache-control"] == "private, no-cache"
    assert shown(before).getpixel((1, 1)) != shown(after).getpixel((1, 1))


def test_what_a_client_has_is_not_sent_again(staged: tuple[Any, Any]) -> None:
    ada, photo = staged
    etag = fetch(ada, photo["links"]["thumbnail"]).headers["etag"]

    answer = fetch(ada, photo["links"]["thumbnail"], **{"If-None-Match": etag})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize(
    ("wanted", "first", "end"), [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-7", -7, None)]
)
def test_a_part_of_it_can_be_asked_for(
    staged: tuple[Any, Any], wanted: str, first: int, end: int | None
) -> None:
    ada, photo = staged
    whole = fetch(ada, photo["links"]["thumbnail"])

    answer = fetch(ada, photo["links"]["thumbnail"], Range=wanted)

    assert (whole.headers["accept-ranges"], answer.status_code) == ("bytes", 206)
    assert answer.content == whole.content[first:end]
    start = first % len(whole.content)
    told = f"bytes {start}-{start + len(answer.content) - 1}/{len(whole.content)}"
    assert answer.headers["content-range"] == told


def test_ranges_that_are_not_there_are_told(staged: tuple[Any, Any]) -> None:
    ada, photo = staged
    size = len(fetch(ada, photo["links"]["thumbnail"]).content)

    for wanted in (f"bytes={size}-", "bytes=9-3", "bytes=-0"):
        answer = fetch(ada, photo["links"]["thumbnail"], Range=wanted)
        assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
        assert answer.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,3-4", "pages=1-2", "bytes=-", "nonsense"])
def test_ranges_that_make_no_sense_are_answered_with_everything(staged: tuple[Any, Any], wanted: str) -> None:
    ada, photo = staged

    assert fetch(ada, photo["links"]["thumbnail"], Range=wanted).status_code == 200


def test_parts_of_another_version_are_not_mixed(staged: tuple[Any, Any]) -> None:
    ada, photo = staged

    answer = fetch(ada, photo["links"]["thumbnail"], **{"Range": "bytes=0-9", "If-Range": '"another"'})

    assert answer.status_code == 200


def test_only_pictures_of_the_photo_are_shown(staged: tuple[Any, Any], users: Any) -> None:
    ada, photo = staged
    path = photo["links"]["thumbnail"]
    bea = users.join("bea@example.com")

    assert fetch(bea, path).json()["code"] == "not_found"
    assert fetch(ada, path.partition("picture=")[0] + "picture=" + "0" * 64).json()["code"] == "not_found"
    assert fetch(ada, path.replace(photo["photo_id"], str(uuid4()))).json()["code"] == "not_found"
    for wrong in ("size=401", "size=big", "picture=abc"):
        answer = fetch(ada, f"{path.partition('?')[0]}?{wrong}")
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
