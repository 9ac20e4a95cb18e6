"""What the API measures of itself: by route and never by what a client chose, on a port that no client reaches."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from infrastructure.metrics import MetricsPortTaken
from infrastructure.settings import Settings
from interfaces.rest.server import run
from tests.infrastructure.test_metrics import two_ports
from tests.interfaces.rest.conftest import User, quickly_built, served
from tests.interfaces.rest.test_server import started

Samples = dict[tuple[str, ...], float]
"""By name and the values of its labels, in the alphabetical order of the labels."""


def scrape(port: int) -> Samples:
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def measured(settings: Settings) -> Callable[[], AbstractContextManager[tuple[Any, Callable[[], Samples]]]]:
    """Serves an API, with a client and what scrapes it."""

    @contextmanager
    def measured() -> Iterator[tuple[Any, Callable[[], Samples]]]:
        port = two_ports()
        with served(quickly_built(msgspec.structs.replace(settings, metrics_port=port))) as client:
            yield client, lambda: scrape(port + 1)

    return measured


def test_requests_are_counted_by_route_method_and_status(measured: Any) -> None:
    secret = str(uuid4())
    with measured() as (client, scraped):
        for path in ("presets", "presets", f"jobs/{secret}", f"{secret}/{secret}"):
            client.get(f"/api/v1/{path}", headers={"X-Request-Id": secret})
        client.head("/api/v1/presets")
        client.request(f"BREW{secret}", "/api/v1/presets")
        told = scraped()

    requests = {
        tuple(labels): number for (name, *labels), number in told.items() if name == "stage_requests_total"
    }
    assert requests["GET", "/api/v1/presets", "200"] == 3
    assert requests["GET", "/api/v1/jobs/{job_id}", "401"] == 1
    assert requests["GET", "unknown", "404"] == 1
    assert [number for (method, *_), number in requests.items() if method == "other"] == [1]
    assert told["stage_request_seconds_count", "GET", "/api/v1/presets"] == 3
    assert 0 < told["stage_request_seconds_sum", "GET", "/api/v1/presets"] < 60
    assert secret not in str(told)


def test_a_stream_is_timed_until_it_begins(measured: Any, ada: User) -> None:
    job_id = ada.submit()
    ada.followers.catch_up()
    with measured() as (client, scraped):
        client.head(f"/api/v1/jobs/{job_id}/events", headers=ada.headers)
        told = scraped()

    assert told["stage_requests_total", "GET", "/api/v1/jobs/{job_id}/events", "200"] == 1
    assert told["stage_request_seconds_sum", "GET", "/api/v1/jobs/{job_id}/events"] < 15


def test_queries_are_timed_by_the_rows_that_they_read(measured: Any, ada: User) -> None:
    with measured() as (client, scraped):
        client.get("/api/v1/me", headers=ada.headers)
        told = scraped()

    assert told["stage_query_seconds_count", "UserRow"] == 1
    assert 0 < told["stage_query_seconds_sum", "UserRow"] < 60


def test_refusals_are_counted_from_zero_on(measured: Any) -> None:
    wrong = {"email": "ada@example.com", "password": "not the right one", "transport": "bearer"}
    with measured() as (client, scraped):
        before = scraped()
        client.post("/api/v1/auth/sign-in", json=wrong)
        after = scraped()

    assert (before["stage_refusals_total", "sign_in"], before["stage_refusals_total", "rate"]) == (0, 0)
    assert (after["stage_refusals_total", "sign_in"], after["stage_refusals_total", "rate"]) == (1, 0)
    assert before["stage_refusals_unwritten",] == 0


def test_the_process_serves_them_beside_its_public_port(settings: Settings, tmp_path: Path) -> None:
    port = two_ports()
    with started(msgspec.structs.replace(settings, metrics_port=port), tmp_path) as server:
        assert httpx.get(f"{server.url}/metrics").status_code == 404
        told = scrape(port + 1)

    assert told["stage_requests_total", "GET", "unknown", "404"] == 1
    assert told["process_resident_memory_bytes",] > 0


def test_a_metrics_port_that_somebody_has_is_refused(settings: Settings) -> None:
    port = two_ports()
    with (
        socket.create_server(("127.0.0.1", port + 1)),
        pytest.raises(MetricsPortTaken, match=f"port {port + 1}"),
    ):
        run(msgspec.structs.replace(settings, metrics_port=port))
