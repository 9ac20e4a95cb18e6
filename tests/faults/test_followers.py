"""Followers die: another one goes on at once, or the next one where the last stopped."""

from collections.abc import Iterator

from tests.faults.customer import Customer
from tests.faults.installation import Installation
from tests.faults.photos import photo
from tests.faults.settling import wait_until_followed
from tests.faults.waiting import wait_until

TAKEN_OVER_WITHIN = 10.0
"""Seconds from a leader's death until another one has read all that was recorded."""


def test_another_follower_takes_over_from_one_that_was_killed_and_the_next_one_from_where_all_stopped(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    first, second = installation.followers
    wait_until(lambda: standing_by(installation), "there is a standby")
    jobs = [ada.submit(photo(next(numbers))) for _ in range(5)]
    first.kill()
    took = wait_until_followed(installation)
    print(f"another follower has read all {took:.1f} s after the first one's death")
    assert took < TAKEN_OVER_WITHIN
    assert all(ada.finished(job_id)["status"] == "completed" for job_id in jobs)
    second.kill()
    jobs = [ada.submit(photo(next(numbers))) for _ in range(5)]
    installation.revive()
    assert all(ada.finished(job_id)["status"] == "completed" for job_id in jobs)


def standing_by(installation: Installation) -> bool:
    """Whether every follower process has a connection for every consumer."""
    row = installation.container.database.one(
        "SELECT min(processes) FROM (SELECT count(*) AS processes FROM pg_stat_activity "
        "WHERE application_name LIKE 'follower %%' GROUP BY application_name) AS followers"
    )
    return row == (len(installation.followers),)
