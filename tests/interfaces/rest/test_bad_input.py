"""Whatever is wrong with what clients send has a code of its own, and leaves nothing stored or charged."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.infrastructure.imaging.files import raw_png
from tests.interfaces.rest.conftest import picture

ENHANCE = {"preset": "enhance"}
HOSTILE = [
    "../../../etc/passwd",
    "..\\..\\windows\\system32\\config",
    "/etc/shadow",
    "a\x1b[31mred\x07.jpg",
    "\u202egpj.exe",
    "CON.jpg",
    "<script>alert(1)</script>.jpg",
    "'; DROP TABLE stage.uploads; --.jpg",
    "name\r\nSet-Cookie: session=stolen.jpg",
    "x" * 5_000 + ".jpg",
    ".",
    " ",
    "%00.jpg",
    "nul\x00byte.jpg",
]


def outcome(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def send(user: Any, content: bytes, name: str = "a.jpg") -> Any:
    return user.post("/uploads", files={"photo": (name, content)})


def submit(user: Any, uploads: list[str], **brief: Any) -> Any:
    return user.post(
        "/jobs", {"photos": [{"upload_id": one} for one in uploads], "brief": {**ENHANCE, **brief}}
    )


def test_a_line_too_many_is_told_exactly(resident: Any) -> None:
    answer = send(resident, raw_png(10_000, 6_001, b""))

    assert outcome(answer) == (422, "photo_has_too_many_pixels")
    assert "60 megapixels at the most, this one has 60.01." in answer.json()["detail"]


@pytest.fixture
def unharmed(resident: Any) -> Iterator[Any]:
    """Somebody with three credits; afterwards nothing that they sent was recorded or charged."""

    def state() -> Any:
        with psycopg.connect(resident.followers.url) as connection:
            return connection.execute("SELECT count(*) FROM event_store.events").fetchone()

    before = state()
    yield resident
    assert state() == before


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "photo_empty"),
        (b"not a photo at all", 415, "photo_unsupported"),
        (picture(size=(600, 400))[:-400], 422, "photo_unreadable"),
        (picture(size=(600, 400), form="PNG")[:-60], 422, "photo_unreadable"),
        (bytes(15_000_001), 413, "photo_too_large"),
    ],
    ids=["empty", "text named .jpg", "truncated JPEG", "truncated PNG", "15 MB + 1 byte"],
)
def test_bad_photos(unharmed: Any, content: bytes, status: int, code: str) -> None:
    assert outcome(send(unharmed, content)) == (status, code)


@pytest.mark.parametrize("count", [0, 31])
def test_wrong_numbers_of_photos(unharmed: Any, count: int) -> None:
    answer = submit(unharmed, [str(uuid4()) for _ in range(count)])

    assert outcome(answer) == (422, "wrong_number_of_photos")
    assert (answer.json()["count"], answer.json()["limit"]) == (count, 30)


def test_the_same_upload_twice_in_one_job(unharmed: Any) -> None:
    assert outcome(submit(unharmed, [unharmed.upload()] * 2)) == (422, "photo_given_twice")


def test_another_users_upload_is_not_there(users: Any) -> None:
    ada, bea = users.join("ada@example.com"), users.join("bea@example.com")

    assert outcome(submit(bea, [ada.upload()])) == (404, "upload_not_found")
    assert outcome(submit(bea, [str(uuid4())])) == (404, "upload_not_found")


def test_a_used_upload(ada: Any) -> None:
    upload = ada.upload()
    assert submit(ada, [upload]).status_code == 202

    assert outcome(submit(ada, [upload])) == (409, "upload_already_used")


def test_an_expired_upload(unharmed: Any) -> None:
    upload = unharmed.upload()
    with psycopg.connect(unharmed.followers.url, autocommit=True) as connection:
        connection.execute(
            "UPDATE stage.uploads SET expires_at = clock_timestamp() WHERE upload_id = %s", [upload]
        )

    status, code = outcome(submit(unharmed, [upload]))

    assert (status in {409, 410, 422}, code) == (True, "upload_expired")


def test_a_prompt_of_501_characters(unharmed: Any) -> None:
    answer = submit(unharmed, [unharmed.upload()], prompt="x" * 501)

    assert outcome(answer) == (422, "prompt_too_long")
    assert (answer.json()["length"], answer.json()["limit"]) == (501, 500)


@pytest.mark.parametrize("prompt", [None, "", "   "])
def test_custom_without_a_prompt(unharmed: Any, prompt: str | None) -> None:
    answer = submit(unharmed, [unharmed.upload()], preset="custom", prompt=prompt)

    assert outcome(answer) == (422, "prompt_needed")


def test_a_preset_that_is_not_available(unharmed: Any) -> None:
    answer = submit(unharmed, [unharmed.upload()], preset="stage")

    assert outcome(answer) == (422, "preset_unavailable")
    assert (answer.json()["preset"], answer.json()["available"]) == ("stage", ["enhance"])


def test_more_photos_than_credits(unharmed: Any) -> None:
    answer = submit(unharmed, [unharmed.upload() for _ in range(4)])

    assert outcome(answer) == (402, "insufficient_credits")
    assert (answer.json()["needed"], answer.json()["available"]) == (4, 3)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"", 400, "malformed_json"),
        (b"\xff\xfe", 400, "malformed_json"),
        (b"[" * 50_000, 400, "malformed_json"),
        (b"null", 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
        (b" " * 100_001, 413, "body_too_large"),
    ],
)
def test_bodies_that_are_no_job(resident: Any, body: bytes, status: int, code: str) -> None:
    answer = resident.post("/jobs", content=body, headers={"Content-Type": "application/json"})

    assert outcome(answer) == (status, code)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sparkle": 1}, "sparkle"),
        ({"photos": "all"}, "photos"),
        ({"photos": [{"upload_id": 7}]}, "photos[0].upload_id"),
        ({"photos": [{"upload_id": str(uuid4()), "place": "x"}]}, "photos[0].place"),
        ({"brief": {"preset": "sparkle"}}, "brief.preset"),
        ({"brief": {"preset": "enhance", "room_type": "cave"}}, "brief.room_type"),
        ({"brief": {"preset": "enhance", "prompt": 7}}, "brief.prompt"),
        ({"group_name": ["x"]}, "group_name"),
        ({"parent_job_id": "x"}, "parent_job_id"),
    ],
)
def test_fields_that_are_unknown_or_of_the_wrong_type_are_named(
    resident: Any, change: dict[str, Any], field: str
) -> None:
    answer = resident.post("/jobs", {"photos": [], "brief": ENHANCE, **change})

    assert outcome(answer) == (422, "validation_failed")
    assert [one["field"] for one in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "//////////8", "_" * 11, "A" * 100, "'; --", "AAAAAAAAACo="])
def test_a_cursor_that_no_list_gave_out(resident: Any, cursor: str) -> None:
    for path in ("/jobs", "/billing/statement"):
        assert outcome(resident.get(path, params={"cursor": cursor})) == (422, "cursor_invalid")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_names_are_harmless(resident: Any, name: str) -> None:
    answer = send(resident, picture(), name)

    if answer.status_code == 201:
        shown = answer.json()["name"]
        assert shown.isprintable()
        assert not {"/", "\\"} & set(shown)
        assert 0 < len(shown) <= 200
    else:
        assert outcome(answer)[0] in {400, 422}
    assert "set-cookie" not in answer.headers
