"""Following a job as its events are recorded."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from tests.interfaces.rest.conftest import Followers, User, Users, quickly_built, served


@pytest.fixture
def quick(settings: Any, database: Any) -> Iterator[User]:
    """Somebody whose streams show every few milliseconds that they are alive, two at once."""
    container = quickly_built(msgspec.structs.replace(settings, heartbeat_seconds=0.02, streams_per_user=2))
    with served(container) as client:
        yield Users(client, container, Followers(container, database.app_url)).join()


def told(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream; each block's id and event must say what its data says."""
    found = []
    for block in answer.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            event = json.loads(lines["data"])
            assert (lines["id"], lines["event"]) == (str(event["position"]), event["type"])
            found.append(event)
    return found


def follow(user: Any, job_id: str, **headers: str) -> httpx.Response:
    answer: httpx.Response = user.get(
        f"/jobs/{job_id}/events", headers={"Accept": "text/event-stream", **headers}
    )
    return answer


def poll(user: Any, job_id: str, **parameters: int) -> Any:
    return user.get(f"/jobs/{job_id}/events", params=parameters, headers={"Accept": "application/json"})


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def test_an_ended_job_tells_its_whole_story_and_the_stream_ends(ada: Any) -> None:
    job_id = ada.submit(photos=2)
    ada.stage(job_id)

    answer = follow(ada, job_id)

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (answer.headers["x-accel-buffering"], answer.headers["cache-control"]) == ("no", "no-store")
    assert answer.text.startswith("retry: ")
    events = told(answer)
    assert [event["type"] for event in events] == [
        "job.submitted",
        "photo.staged",
        "photo.staged",
        "job.completed",
    ]
    assert [event["counts"]["staged"] for event in events] == [0, 1, 2, 2]
    assert [event["status"] for event in events] == ["pending", "processing", "processing", "completed"]
    assert [bool(event["photo_id"]) for event in events] == [False, True, True, False]


def test_a_stream_goes_on_after_the_last_event_that_the_client_has(ada: Any) -> None:
    job_id = ada.submit(photos=2)
    ada.stage(job_id)
    first, *rest = told(follow(ada, job_id))

    assert told(follow(ada, job_id, **{"Last-Event-ID": str(first["position"])})) == rest


def test_there_is_nothing_after_the_end(ada: Any) -> None:
    job_id = ada.submit()
    ada.stage(job_id)
    last = told(follow(ada, job_id))[-1]["position"]

    answer = follow(ada, job_id, **{"Last-Event-ID": str(last)})

    assert (answer.status_code, answer.content) == (204, b"")


def test_a_stream_shows_what_happens_while_it_is_open(quick: Any, threads: ThreadPoolExecutor) -> None:
    job_id = quick.submit()
    answer = threads.submit(follow, quick, job_id)
    while not (again := poll(quick, job_id, after=0, wait=1)).json()["events"]:
        pass

    quick.stage(job_id)

    events = told(answer.result(timeout=10))
    assert [event["type"] for event in events] == ["job.submitted", "photo.staged", "job.completed"]
    assert again.json()["events"] == events[:1]


def test_a_silent_stream_shows_that_it_is_alive(quick: Any, threads: ThreadPoolExecutor) -> None:
    job_id = quick.submit()
    answer = threads.submit(follow, quick, job_id)
    poll(quick, job_id, after=2**60, wait=1)  # which takes as long as many heartbeats

    quick.stage(job_id)

    assert ": still here\n\n" in answer.result(timeout=10).text


def test_a_long_poll_waits_for_news(ada: Any, threads: ThreadPoolExecutor) -> None:
    job_id = ada.submit()
    seen = poll(ada, job_id, wait=0).json()
    assert [event["type"] for event in seen["events"]] == ["job.submitted"]

    answer = threads.submit(poll, ada, job_id, after=seen["last_event_id"], wait=20)
    ada.stage(job_id)

    shown = answer.result(timeout=10).json()
    assert shown["events"]
    assert shown["events"][0]["type"] == "photo.staged"
    assert shown["last_event_id"] == shown["events"][-1]["position"]


def test_a_long_poll_answers_without_news_when_its_time_is_over(ada: Any) -> None:
    job_id = ada.submit()
    last = poll(ada, job_id, wait=0).json()["last_event_id"]

    answer = poll(ada, job_id, after=last, wait=1)

    assert answer.json() == {"events": [], "last_event_id": last, "ended": False}


def test_a_long_poll_of_an_ended_job_does_not_wait(ada: Any) -> None:
    job_id = ada.submit()
    ada.stage(job_id)
    last = poll(ada, job_id).json()["last_event_id"]

    assert poll(ada, job_id, after=last, wait=30).json() == {
        "events": [],
        "last_event_id": last,
        "ended": True,
    }


def test_a_user_has_so_many_streams_and_no_more(quick: Any, threads: ThreadPoolExecutor) -> None:
    job_id = quick.submit()

    def wait() -> Any:
        while (answer := poll(quick, job_id, after=2**60, wait=20)).status_code == 429:
            pass  # the poll below was just there
        return answer

    waiting = [threads.submit(wait) for _ in range(2)]
    while (refused := poll(quick, job_id, after=2**60, wait=0)).status_code == 200:
        pass

    assert (refused.status_code, refused.json()["code"], refused.json()["limit"]) == (
        429,
        "too_many_streams",
        2,
    )
    assert follow(quick, job_id).status_code == 429
    quick.stage(job_id)
    assert [one.result(timeout=10).status_code for one in waiting] == [200, 200]
    assert follow(quick, job_id).status_code == 200


@pytest.mark.parametrize("last", ["-1", "yesterday", str(2**63)])
def test_a_bad_last_event_id_is_told(ada: Any, last: str) -> None:
    answer = follow(ada, ada.submit(), **{"Last-Event-ID": last})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Last-Event-ID")


def test_nothing_personal_is_in_the_events(ada: Any) -> None:
    job_id = ada.submit(group_name="12 Elm Street")
    ada.container.jobs.cancel(UUID(job_id), ada.user_id)

    text = follow(ada, job_id).text

    assert "Elm" not in text
    assert "living room" not in text
    assert [event["type"] for event in told(follow(ada, job_id))][-1] == "job.cancelled"


def test_a_deleted_job_and_an_unknown_one_are_not_there(ada: Any) -> None:
    job_id = ada.submit()
    ada.container.jobs.delete(UUID(job_id), ada.user_id)

    assert follow(ada, job_id).status_code == 404
    assert follow(ada, str(ada.user_id)).json()["code"] == "not_found"
