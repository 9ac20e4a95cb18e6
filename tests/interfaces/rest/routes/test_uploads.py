"""Photos coming in over HTTP."""

import hashlib
from typing import Any

import pytest

from application.photos import PHOTO_BYTES
from application.pictures import ORIGINALS
from tests.interfaces.rest.conftest import ORIGIN

BOUNDARY = "frontier"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def send(user: Any, photo: bytes, name: str = "living room.jpg", **more: Any) -> Any:
    return user.post("/uploads", files={"photo": (name, photo)}, **more)


def test_a_photo_is_kept_and_described(resident: Any, photo: bytes) -> None:
    answer = send(resident, photo)

    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["media_type"], shown["width"], shown["height"]) == ("image/jpeg", 64, 48)
    assert shown["name"] == "living room.jpg"
    kept = resident.container.pictures.get(resident.user_id, ORIGINALS, shown["sha256"])
    assert hashlib.sha256(kept).hexdigest() == shown["sha256"]
    assert shown["size"] == len(kept)


def test_the_same_key_is_the_same_upload(resident: Any, photo: bytes) -> None:
    key = {"Idempotency-Key": "once"}

    first, again = send(resident, photo, headers=key), send(resident, photo, headers=key)

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert send(resident, photo).json()["upload_id"] != first.json()["upload_id"]


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_a_key_has_a_sensible_length(resident: Any, photo: bytes, key: str) -> None:
    answer = send(resident, photo, headers={"Idempotency-Key": key})

    assert [one["field"] for one in answer.json()["errors"]] == ["Idempotency-Key"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\hall.jpg", "hall.jpg"),
        ("küche ☀.jpg", "küche ☀.jpg"),
    ],
)
def test_a_name_is_only_ever_a_name(resident: Any, photo: bytes, name: str, shown: str) -> None:
    assert send(resident, photo, name).json()["name"] == shown


def test_an_empty_file_is_told(resident: Any) -> None:
    answer = send(resident, b"")

    assert (answer.status_code, answer.json()["code"]) == (422, "photo_empty")


def test_bytes_that_are_no_photo_are_told_whatever_their_name(resident: Any) -> None:
    answer = send(resident, b"this is not a photo", "photo.jpg")

    assert (answer.status_code, answer.json()["code"]) == (415, "photo_unsupported")


@pytest.mark.parametrize("excess", [1, 100_000, 5_000_000])
def test_a_photo_over_fifteen_megabytes_is_refused(resident: Any, excess: int) -> None:
    answer = send(resident, bytes(15_000_000 + excess))

    assert (answer.status_code, answer.json()["code"]) == (413, "photo_too_large")


def form(field: str, content: bytes = b"abc") -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {field}\r\n\r\n".encode()
    return head + content + f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_request"),
        (b"nothing of the kind", 400, "malformed_request"),
        (b"--frontier\r\nContent-Dispo", 400, "malformed_request"),
        (form('name="photo"; filename="a"')[:-20], 400, "malformed_request"),
        (form('name="photo"'), 422, "validation_failed"),
        (form('name="x"; filename="a"'), 422, "validation_failed"),
        (form('filename="a"'), 422, "validation_failed"),
        (form('name="photo"', b"\xff\xfe"), 422, "validation_failed"),
        (form('name="\xff"; filename="a"'), 422, "validation_failed"),
        (form("x" * 50_000), 400, "malformed_request"),
        (b"--frontier--\r\n", 422, "validation_failed"),
    ],
)
def test_a_form_without_a_photo_is_told(resident: Any, body: bytes, status: int, code: str) -> None:
    answer = resident.post("/uploads", content=body, headers=MULTIPART)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_two_photos_in_one_form_are_refused(resident: Any, photo: bytes) -> None:
    answer = resident.post("/uploads", files=[("photo", ("a.jpg", photo)), ("photo", ("b.jpg", photo))])

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"] == [
        {"field": "photo", "problem": "Expected one file; send each in a request of its own"}
    ]


def test_a_field_behind_the_photo_is_named(resident: Any, photo: bytes) -> None:
    answer = resident.post("/uploads", files=[("photo", ("a.jpg", photo)), ("caption", ("", b"The hall"))])

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"] == [{"field": "caption", "problem": "There is no such field"}]


@pytest.mark.parametrize(
    ("described", "name"),
    [
        (b"filename*=UTF-8''k%C3%BCche.jpg", "küche.jpg"),
        (b"filename*=iso-8859-1'de'k%FCche.jpg", "küche.jpg"),
        (b"filename*=klingon''k%FCche.jpg", "küche.jpg"),
        ('filename="küche.jpg"'.encode("latin-1"), "k\ufffdche.jpg"),
        (b'filename="' + b"x" * 5_000 + b'.jpg"', "x" * 196 + ".jpg"),
    ],
    ids=["filename*", "of another charset", "of an unknown one", "latin-1", "long"],
)
def test_no_name_keeps_a_photo_out(resident: Any, photo: bytes, described: bytes, name: str) -> None:
    head = b'--frontier\r\nContent-Disposition: form-data; name="photo"; ' + described + b"\r\n\r\n"

    answer = resident.post("/uploads", content=head + photo + b"\r\n--frontier--\r\n", headers=MULTIPART)

    assert (answer.status_code, answer.json().get("name")) == (201, name)


def test_a_form_of_thousands_of_parts_is_refused(resident: Any) -> None:
    answer = resident.post("/uploads", files=[(f"f{number}", ("a", b"x")) for number in range(2_000)])

    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain", ""])
def test_a_body_of_another_kind_is_refused(resident: Any, kind: str) -> None:
    answer = resident.post("/uploads", content=b"{}", headers={"Content-Type": kind})

    assert answer.json()["code"] in {"unsupported_content_type", "malformed_request"}


def linked(user: Any) -> tuple[str, str]:
    """The upload's id, and where its photo is to be put."""
    answer = user.post("/uploads/links")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["method"], told["headers"]) == ("PUT", OCTETS)
    return told["upload_id"], told["url"].removeprefix(ORIGIN)


OCTETS = {"Content-Type": "application/octet-stream"}


def test_a_photo_can_be_put_by_a_link_and_completed(ada: Any, photo: bytes) -> None:
    upload_id, url = linked(ada)

    assert ada.client.put(url, content=photo, headers=OCTETS).status_code == 204
    completed = ada.post(f"/uploads/{upload_id}/complete", {"name": "../hall.jpg"})
    again = ada.post(f"/uploads/{upload_id}/complete", {"name": "other.jpg"})

    assert completed.status_code == 201, completed.text
    assert (completed.json()["upload_id"], completed.json()["name"]) == (upload_id, "hall.jpg")
    assert again.json() == completed.json()
    job = ada.post("/jobs", {"photos": [{"upload_id": upload_id}], "brief": {"preset": "enhance"}})
    assert job.status_code == 202


def test_what_is_no_photo_is_refused_and_can_be_put_again(ada: Any, photo: bytes) -> None:
    upload_id, url = linked(ada)
    ada.client.put(url, content=b"<html>", headers=OCTETS)

    refused = ada.post(f"/uploads/{upload_id}/complete", {"name": "hall.jpg"})
    assert (refused.status_code, refused.json()["code"]) == (415, "photo_unsupported")
    gone = ada.post(f"/uploads/{upload_id}/complete", {"name": "hall.jpg"})
    assert (gone.status_code, gone.json()["code"]) == (409, "photo_not_arrived")

    ada.client.put(url, content=photo, headers=OCTETS)
    assert ada.post(f"/uploads/{upload_id}/complete", {"name": "hall.jpg"}).status_code == 201


def test_no_more_is_taken_than_a_photo_may_have(ada: Any) -> None:
    _, url = linked(ada)

    answer = ada.client.put(url, content=bytes(PHOTO_BYTES + 1), headers=OCTETS)

    assert (answer.status_code, answer.json()["code"]) == (413, "photo_too_large")


def test_an_empty_file_that_was_put_is_told(ada: Any) -> None:
    upload_id, url = linked(ada)
    assert ada.client.put(url, content=b"", headers=OCTETS).status_code == 204

    answer = ada.post(f"/uploads/{upload_id}/complete", {"name": "hall.jpg"})

    assert (answer.status_code, answer.json()["code"]) == (422, "photo_empty")


def test_a_link_to_upload_opens_one_place_only(ada: Any, users: Any, photo: bytes) -> None:
    upload_id, url = linked(ada)
    other_id, _ = linked(ada)
    bob = users.join("bob@example.com")

    for changed in (
        url.replace(upload_id, other_id),
        url.replace(str(ada.user_id), str(bob.user_id)),
        url[:-1],
        url.replace("expires=", "expires=9"),
    ):
        assert ada.client.put(changed, content=photo, headers=OCTETS).status_code == 403
    unsigned = f"/uploads/{upload_id}/content?owner={ada.user_id}"
    assert bob._request("PUT", unsigned, content=photo, headers=OCTETS).status_code == 403
    assert ada.client.put(url, content=photo, headers=OCTETS).status_code == 204
    assert bob.post(f"/uploads/{upload_id}/complete", {"name": "hall.jpg"}).status_code == 409
