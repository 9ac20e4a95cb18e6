"""The clock of one process is ten minutes off: only the database's is ever asked."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.faults.customer import Customer
from tests.faults.installation import Installation, clock_ahead
from tests.faults.photos import photo

TEN_MINUTES = 600.0


@pytest.mark.parametrize("ahead", [TEN_MINUTES, -TEN_MINUTES])
def test_a_clock_is_set_off_for_all_of_python(ahead: float) -> None:
    """A test of the tests."""
    told = subprocess.run(
        [sys.executable, "-c", "import datetime as d, time; print(time.time(), d.datetime.now(d.UTC))"],
        env={**os.environ, **clock_ahead(ahead)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split(" ", 1)
    seconds, moment = float(told[0]), datetime.fromisoformat(told[1].strip())
    assert seconds - time.time() == pytest.approx(ahead, abs=30)
    assert (moment - datetime.now(UTC)).total_seconds() == pytest.approx(ahead, abs=30)


def test_everything_is_done_by_processes_whose_clocks_are_off_in_every_direction(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    (api,), (follower, standby) = installation.apis, installation.followers
    ahead, behind = installation.workers
    for process in installation.processes:
        process.kill()
    for process, seconds in ((api, 1), (follower, -1), (ahead, 1), (behind, -1)):
        process.start(**clock_ahead(seconds * TEN_MINUTES))
    newcomer = Customer(installation, credits=5)
    job_id = newcomer.submit(*(photo(next(numbers)) for _ in range(5)))
    assert newcomer.finished(job_id)["status"] == "completed"
    newcomer.close()
    ahead.kill()
    assert ada.finished(ada.submit(photo(next(numbers))))["status"] == "completed"
    assert [process.alive for process in (api, follower, standby, behind)] == [True, True, False, True]
