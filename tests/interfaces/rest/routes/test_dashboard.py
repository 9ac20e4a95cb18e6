"""What a user sees first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from interfaces.rest.routes.dashboard import month_began


def test_the_dashboard_of_a_new_user_is_empty_but_for_the_trial(ada: Any) -> None:
    shown = ada.get("/dashboard").json()

    assert shown["newest_jobs"] == []
    assert set(shown["jobs"].values()) == {0}
    assert shown["credits"] == {"available": 3, "held": 0, "spent": 0}
    assert (shown["spending_this_month"]["credits"], shown["spending_this_month"]["time_zone"]) == (0, "UTC")


def test_users_who_ask_at_once_see_their_own(users: Any) -> None:
    people = [users.join(f"{name}@example.com") for name in ("ada", "bea", "eve")]
    for number, user in enumerate(people):
        for _ in range(number):
            user.submit()
        user.followers.catch_up()

    with ThreadPoolExecutor(12) as threads:
        asked = [
            (threads.submit(user.get, "/dashboard"), threads.submit(user.get, "/jobs")) for user in 4 * people
        ]
        shown = [(dashboard.result().json(), jobs.result().json()) for dashboard, jobs in asked]

    assert [dashboard["credits"]["held"] for dashboard, _ in shown] == [0, 1, 2] * 4
    assert [len(dashboard["newest_jobs"]) for dashboard, _ in shown] == [0, 1, 2] * 4
    assert [len(jobs["items"]) for _, jobs in shown] == [0, 1, 2] * 4


def test_the_dashboard_counts_jobs_credits_and_spending(ada: Any) -> None:
    done, cancelled, going = ada.submit(), ada.submit(), ada.submit()
    ada.stage(done)
    ada.post(f"/jobs/{cancelled}/cancel")
    ada.followers.catch_up()

    shown = ada.get("/dashboard").json()

    assert [job["job_id"] for job in shown["newest_jobs"]] == [going, cancelled, done]
    assert shown["jobs"] == {"pending": 1, "processing": 0, "completed": 1, "failed": 0, "cancelled": 1}
    assert shown["credits"] == {"available": 1, "held": 1, "spent": 1}
    assert shown["spending_this_month"]["credits"] == 1


@pytest.mark.parametrize(
    ("now", "time_zone", "began"),
    [
        ("2026-05-31T23:30:00", "UTC", "2026-05-01T00:00:00"),
        ("2026-05-31T23:30:00", "Europe/Berlin", "2026-05-31T22:00:00"),
        ("2026-06-01T03:00:00", "America/New_York", "2026-05-01T04:00:00"),
        ("2026-11-30T12:00:00", "America/New_York", "2026-11-01T04:00:00"),
    ],
)
def test_a_month_begins_at_midnight_where_the_user_is(now: str, time_zone: str, began: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert month_began(moment, time_zone) == datetime.fromisoformat(began).replace(tzinfo=UTC)
