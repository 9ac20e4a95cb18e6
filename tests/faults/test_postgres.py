"""PostgreSQL is away: the API says so, and everything goes on by itself once it is back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

from interfaces.rest.deadlines import PATIENCE
from tests.faults.customer import PASSWORD, Customer, is_refusal
from tests.faults.frozen import frozen
from tests.faults.installation import Installation
from tests.faults.photos import photo
from tests.faults.waiting import wait_until

REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "signing in": (
        "POST",
        "/auth/sign-in",
        {"json": {"email": "ada@example.com", "password": PASSWORD, "transport": "bearer"}},
    ),
    "registering": (
        "POST",
        "/auth/register",
        {"json": {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}},  # who has an account
    ),
    "confirming": ("POST", "/auth/verification/confirm", {"json": {"token": "a" * 43}}),
    # Of a session that nobody has: what a frozen server was asked for it does all the same once it goes on.
    "signing out": ("POST", "/auth/sign-out", {"headers": {"Authorization": f"Bearer {'a' * 43}"}}),
    "asking who one is": ("GET", "/me", {}),
    "listing jobs": ("GET", "/jobs", {}),
    "asking for a job": ("GET", f"/jobs/{uuid4()}", {}),
    "submitting": (
        "POST",
        "/jobs",
        {"json": {"photos": [{"upload_id": str(uuid4())}], "brief": {"preset": "enhance"}}},
    ),
    "uploading": ("POST", "/uploads", {"files": {"photo": ("kitchen.jpg", photo(0))}}),
    "asking for credits": ("GET", "/billing/credits", {}),
}
"""One of each kind, as they are answered only with a database."""

TOLD_WITHIN = PATIENCE + 8.0
"""Seconds, some of which a busy machine takes for itself."""
SERVES_AGAIN_WITHIN = 10.0
"""Seconds after PostgreSQL; on an idle machine it takes one or two, however long the outage was."""


def test_ten_jobs_survive_that_postgresql_crashes(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    jobs = []
    for _ in range(2):
        jobs += [ada.submit(photo(next(numbers)), photo(next(numbers))) for _ in range(5)]
        installation.postgres.kill()
        installation.postgres.start()
    assert all(ada.finished(job_id)["status"] == "completed" for job_id in jobs)


def test_every_request_is_told_that_postgresql_is_away_until_it_is_back(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    job_id = ada.submit(photo(next(numbers)))
    installation.postgres.stop()
    try:
        with ThreadPoolExecutor(len(REQUESTS)) as clients:
            asked = {
                what: clients.submit(ada.ask, method, path, **more)
                for what, (method, path, more) in REQUESTS.items()
            }
            ready = clients.submit(ada.ask, "GET", "/health/ready")
            live = clients.submit(ada.ask, "GET", "/health/live")
        answered = {what: request.result() for what, request in asked.items()}
        assert {what: one.text for what, one in answered.items() if not is_refusal(one)} == {}
        assert (ready.result().status_code, live.result().status_code) == (503, 200)
    finally:
        installation.postgres.start()
    took = wait_until(lambda: ada.ask("GET", "/jobs").is_success, "the API serves again")
    print(f"the API serves again {took:.1f} s after PostgreSQL")
    assert took < SERVES_AGAIN_WITHIN
    assert ada.finished(job_id)["status"] == "completed"


def test_nobody_waits_for_a_postgresql_that_is_frozen_and_nothing_is_done_twice(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    submission: dict[str, Any] = {
        "json": {
            "photos": [{"upload_id": str(ada.upload(photo(next(numbers))))}],
            "brief": {"preset": "enhance"},
        },
        "headers": {"Idempotency-Key": uuid4().hex},
    }
    requests = {**REQUESTS, "submitting what there is": ("POST", "/jobs", submission)}
    installation.journal.hold()
    job_id = ada.submit(photo(next(numbers)))
    with ThreadPoolExecutor(len(requests)) as clients, ada.following(job_id) as lines:
        assert "event: job.submitted" in lines
        with frozen(installation.postgres):
            asked = [clients.submit(ada.ask, *request[:2], **request[2]) for request in requests.values()]
            answered = [request.result() for request in asked]
            assert [one.text for one in answered if not is_refusal(one)] == []
            assert [one.elapsed for one in answered if one.elapsed.total_seconds() > TOLD_WITHIN] == []
        took = wait_until(lambda: ada.ask("GET", "/jobs").is_success, "the API serves again")
        assert took < SERVES_AGAIN_WITHIN
        twins = {ada.insist("POST", "/jobs", **submission).json()["job_id"] for _ in range(2)}
        assert len(twins) == 1
        installation.journal.let_go()
        assert "event: job.completed" in lines  # the stream from before
    assert [ada.finished(UUID(job_id))["status"] for job_id in twins] == ["completed"]
