"""Bodies are read strictly, and every wrong field is named."""

import gzip
from typing import Any

import pytest
from litestar.testing import TestClient

REGISTER = "/api/v1/auth/register"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[" * 100_000, b'{"email": "a', b"nonsense"])
def test_what_is_not_json_is_malformed(stranger: TestClient[Any], body: bytes) -> None:
    answer = stranger.post(REGISTER, content=body, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


def test_all_wrong_fields_are_named_at_once(stranger: TestClient[Any]) -> None:
    answer = stranger.post(REGISTER, json={"email": 7, "password": "long enough, this", "colour": "red"})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert {one["field"]: one["problem"] for one in answer.json()["errors"]} == {
        "email": "Expected `str`, got `int`",
        "name": "This field is needed",
        "colour": "There is no such field",
    }


def test_fields_within_fields_are_named_with_their_path(resident: Any) -> None:
    answer = resident.post(
        "/jobs",
        {
            "photos": [{"upload_id": "0a6f2b52-6f0e-4f2f-9d0a-2f1f6c1f5d11"}, {"upload_id": "seven"}, {}],
            "brief": {"preset": "sparkle", "room_type": 3},
        },
    )

    assert {one["field"] for one in answer.json()["errors"]} == {
        "photos[1].upload_id",
        "photos[2]",
        "brief.preset",
        "brief.room_type",
    }


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null"])
def test_json_that_is_no_object_is_not_acceptable(stranger: TestClient[Any], body: bytes) -> None:
    answer = stranger.post(REGISTER, content=body, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["field"] == "body"


def test_a_number_is_not_taken_for_a_text_nor_a_text_for_a_number(resident: Any) -> None:
    answer = resident.post("/jobs", {"photos": {}, "brief": {"preset": "enhance"}})

    assert [one["field"] for one in answer.json()["errors"]] == ["photos"]


@pytest.mark.parametrize(("number", "status"), [("20.0", 201), ("2e1", 201), ("20.5", 422), ("1e30", 422)])
def test_a_whole_number_may_be_written_with_a_point(resident: Any, number: str, status: int) -> None:
    body = f'{{"offer": "PAYG_IMAGE_CREDIT", "quantity": {number}}}'

    answer = resident.client.post(
        "/api/v1/billing/checkouts", content=body, headers={**resident.headers, **JSON}
    )

    assert answer.status_code == status, answer.text


def test_a_body_of_another_kind_is_refused_before_it_is_read(stranger: TestClient[Any]) -> None:
    answer = stranger.post(REGISTER, content=b"email=a", headers={"Content-Type": "text/plain"})

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content_type")
    assert answer.json()["expected"] == "application/json"


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x"])
def test_a_packed_body_is_refused_by_name(stranger: TestClient[Any], coding: str) -> None:
    answer = stranger.post(
        REGISTER, content=gzip.compress(b"{}"), headers={**JSON, "Content-Encoding": coding}
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content_encoding")
    assert answer.headers["Accept-Encoding"] == "identity"


def test_a_body_that_says_it_is_not_packed_is_read(stranger: TestClient[Any]) -> None:
    answer = stranger.post(REGISTER, content=b"{}", headers={**JSON, "Content-Encoding": "identity"})

    assert answer.json()["code"] == "validation_failed"


def test_a_body_beyond_the_limit_is_refused(stranger: TestClient[Any]) -> None:
    answer = stranger.post(REGISTER, json={"email": "x" * 100_001})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_thousands_of_wrong_fields_are_told_by_some(stranger: TestClient[Any]) -> None:
    answer = stranger.post(REGISTER, json={f"f{number}": 1 for number in range(5_000)})

    assert len(answer.json()["errors"]) == 20


@pytest.mark.parametrize("null", ["null", "NULL"])
def test_null_is_no_number(resident: Any, null: str) -> None:
    answer = resident.get("/jobs", headers={"Wait-For-Position": null})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert [one["field"] for one in answer.json()["errors"]] == ["Wait-For-Position"]


def test_wrong_parameters_are_named(resident: Any) -> None:
    answer = resident.get("/jobs", params={"limit": "many"}, headers={"Wait-For-Position": "-1"})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert {one["field"] for one in answer.json()["errors"]} == {"limit", "Wait-For-Position"}
