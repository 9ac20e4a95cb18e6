"""The API dies while clients are talking to it: whoever asks again gets what the first time would have made."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil

from infrastructure.processes.child import answers
from tests.faults.customer import Customer
from tests.faults.installation import Installation, Process
from tests.faults.photos import photo
from tests.faults.waiting import wait_until

CLIENTS = 5


def nobody_listens(api: Process) -> bool:
    with socket.socket() as visitor:
        return visitor.connect_ex(("localhost", urlsplit(api.url).port or 80)) != 0


def test_jobs_submitted_while_the_api_is_killed_again_and_again_are_made_once(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    """Once with all that it started, once alone, which what it started notices."""
    (api,) = installation.apis
    before = len(ada.jobs)
    with ThreadPoolExecutor(CLIENTS) as clients:
        submitted = [clients.submit(ada.submit, photo(next(numbers))) for _ in range(2 * CLIENTS)]
        wait_until(lambda: len(ada.jobs) >= before + 2, "two jobs are accepted")
        api.kill()
        api.start()
        wait_until(lambda: len(ada.jobs) >= before + 4, "four jobs are accepted")
        os.kill(api.pid, signal.SIGKILL)
        wait_until(lambda: nobody_listens(api), "nobody listens any more")
        api.kill()
        api.start()
        jobs = [job.result() for job in submitted]
    assert all(ada.finished(job_id)["status"] == "completed" for job_id in jobs)
    assert len(set(jobs)) == 2 * CLIENTS


def test_an_api_whose_serving_process_is_killed_ends_and_can_be_started_again(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    (api,) = installation.apis
    for serving in psutil.Process(api.pid).children():
        os.kill(serving.pid, signal.SIGKILL)
    wait_until(lambda: not api.alive or answers(f"{api.url}/api/v1/health/live")(), "it has ended or answers")
    installation.revive()
    assert ada.finished(ada.submit(photo(next(numbers))))["status"] == "completed"
