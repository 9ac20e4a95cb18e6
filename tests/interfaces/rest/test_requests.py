"""What every answer carries: its request's id, and headers that keep browsers out of trouble."""

from dataclasses import replace
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
from litestar.testing import TestClient

from infrastructure.wiring import Container
from interfaces.rest.app import create_app

APP = "https://app.example.com"
PRESETS = "/api/v1/presets"


@pytest.mark.parametrize("path", [PRESETS, "/api/v1/me", "/api/v1/nothing", "/docs"])
def test_every_answer_keeps_browsers_out_of_trouble(stranger: httpx.Client, path: str) -> None:
    headers = stranger.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/jobs", "GET, HEAD, OPTIONS, POST"),
        ("/jobs/4f2f9d0a-2f1f-4c1f-8d11-0a6f2b526f0e", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/uploads", "OPTIONS, POST"),
    ],
)
def test_whoever_asks_for_options_hears_all_that_an_address_takes(
    stranger: httpx.Client, path: str, allow: str
) -> None:
    answer = stranger.options(f"/api/v1{path}")

    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allow, b"")


@pytest.mark.parametrize("path", ["/me", "/jobs", "/presets", "/nothing", "/openapi.json"])
def test_head_is_answered_as_get_but_without_content(resident: Any, path: str) -> None:
    got = resident.get(path)
    head = resident.client.head(f"/api/v1{path}", headers=resident.headers)

    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == got.headers.get(name)


def test_head_of_a_stream_does_not_wait_for_its_end(ada: Any) -> None:
    job_id = ada.submit()

    head = ada.client.head(f"/api/v1/jobs/{job_id}/events", headers=ada.headers)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


def test_head_of_what_takes_no_get_is_not_allowed(stranger: httpx.Client) -> None:
    answer = stranger.head("/api/v1/auth/sign-in")

    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


def test_personal_answers_are_kept_nowhere(resident: Any) -> None:
    for path in ("/me", "/jobs", "/billing/credits"):
        assert resident.get(path).headers["cache-control"] == "no-store"


def test_a_sane_request_id_is_kept_and_any_other_replaced(stranger: httpx.Client) -> None:
    kept = stranger.get(PRESETS, headers={"X-Request-Id": "app-7.A_b"}).headers["x-request-id"]
    replaced = stranger.get(PRESETS, headers={"X-Request-Id": "<script>"}).headers["x-request-id"]

    assert kept == "app-7.A_b"
    assert replaced != "<script>"
    assert len(replaced) == 32


def test_an_event_says_which_request_of_whom_it_came_from(ada: Any, database: Any) -> None:
    upload = ada.upload()
    ada.post(
        "/jobs",
        {"photos": [{"upload_id": upload}], "brief": {"preset": "enhance"}},
        headers={"X-Request-Id": "r-42"},
    )

    with psycopg.connect(database.app_url) as connection:
        (metadata,) = connection.execute(
            "SELECT convert_from(metadata, 'UTF8')::json FROM event_store.events"
            " WHERE topic = 'PhotoJob.Submitted'"
        ).fetchone() or (None,)
    assert metadata == {"actor": f"user:{ada.user_id}", "cause": "request:r-42", "correlation": "r-42"}


@pytest.fixture
def shared_with_app(container: Container) -> Any:
    settings = msgspec.structs.replace(container.settings, cors_origins=APP)
    with TestClient(create_app(replace(container, settings=settings))) as client:
        yield client


def test_only_origins_of_the_settings_may_read_answers(shared_with_app: TestClient[Any]) -> None:
    allowed = shared_with_app.get(PRESETS, headers={"Origin": APP}).headers
    refused = shared_with_app.get(PRESETS, headers={"Origin": "https://evil.example"}).headers

    assert allowed["access-control-allow-origin"] == APP
    assert allowed["access-control-allow-credentials"] == "true"
    assert "Event-Position" in allowed["access-control-expose-headers"]
    assert "access-control-allow-origin" not in refused


def test_a_preflight_tells_what_an_app_may_send(shared_with_app: TestClient[Any]) -> None:
    answer = shared_with_app.options(
        "/api/v1/jobs",
        headers={
            "Origin": APP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, idempotency-key",
        },
    )

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == APP
    assert "idempotency-key" in answer.headers["access-control-allow-headers"].lower()


def test_a_preflight_from_elsewhere_is_refused_as_a_problem(shared_with_app: TestClient[Any]) -> None:
    answer = shared_with_app.options(
        "/api/v1/jobs", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )

    assert "access-control-allow-origin" not in answer.headers


def test_an_app_of_the_settings_may_send_the_cookie(shared_with_app: TestClient[Any], users: Any) -> None:
    users.join()
    body = {"email": "ada@example.com", "password": "a long walk in the rain", "transport": "cookie"}

    answer = shared_with_app.post("/api/v1/auth/sign-in", json=body, headers={"Origin": APP})

    assert answer.status_code == 200
