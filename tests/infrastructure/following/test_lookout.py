"""The lookout tells followers how far they may read, and never what it saw before they connected."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue
from typing import Any

import psycopg
import pytest

from infrastructure.event_store.reader import Watermark
from infrastructure.following.lookout import Lookout
from tests.infrastructure.following.tally import PATIENCE, until


class ScriptedWatermark(Watermark):
    """Each look begins, then waits for the answer that the test puts in."""

    def __init__(self) -> None:
        super().__init__("postgresql://nobody@127.0.0.1:1/nothing")
        self.begun: Queue[None] = Queue()
        self.answers: Queue[int | psycopg.Error] = Queue()

    def next(self, patience: float = PATIENCE) -> int:
        self.begun.put(None)
        answer = self.answers.get(timeout=patience)
        if isinstance(answer, psycopg.Error):
            raise answer
        return answer

    def close(self) -> None:
        self.answers.put(0)


@pytest.fixture
def watermark() -> ScriptedWatermark:
    return ScriptedWatermark()


@pytest.fixture
def lookout(watermark: ScriptedWatermark) -> Iterator[Lookout]:
    lookout = Lookout(watermark)
    lookout.start()
    yield lookout
    lookout.stop()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as threads:
        yield threads


def test_whoever_connects_again_gets_nothing_of_a_look_that_had_begun(
    lookout: Lookout, watermark: ScriptedWatermark, threads: ThreadPoolExecutor
) -> None:
    watermark.begun.get(timeout=PATIENCE)
    fresh: Future[int | None] = threads.submit(lookout.fresh)
    watermark.answers.put(100)  # what was seen before the server crashed
    watermark.begun.get(timeout=PATIENCE)
    until(lambda: lookout.position == 100)
    assert not fresh.done()
    watermark.answers.put(5)
    assert fresh.result(PATIENCE) == 5


def test_news_are_told_to_all_who_wait(
    lookout: Lookout, watermark: ScriptedWatermark, threads: ThreadPoolExecutor
) -> None:
    waiting = [threads.submit(lookout.beyond, position, PATIENCE) for position in (0, 6)]
    watermark.answers.put(7)
    assert [one.result(PATIENCE) for one in waiting] == [7, 7]
    assert lookout.beyond(7, timeout=0) == 7


def test_it_goes_on_looking_when_the_database_comes_back(
    lookout: Lookout, watermark: ScriptedWatermark
) -> None:
    for answer in (3, psycopg.OperationalError("away"), psycopg.OperationalError("away"), 4):
        watermark.answers.put(answer)
    assert lookout.beyond(3, PATIENCE) == 4


def test_nobody_waits_for_a_lookout_that_stopped(watermark: ScriptedWatermark) -> None:
    lookout = Lookout(watermark)
    lookout.start()
    lookout.stop()
    assert lookout.fresh() is None
    assert lookout.beyond(0, PATIENCE) == 0


def test_it_ends_although_the_database_hangs_in_the_middle_of_a_look(database: Any) -> None:
    lookout = Lookout(Watermark(database.app_url))
    lookout.start()
    until(lambda: lookout.position is not None)
    with psycopg.connect(database.superuser_url) as connection:
        ((serving,),) = connection.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE application_name = 'watermark' AND datname = current_database()"
        ).fetchall()
    os.kill(serving, signal.SIGSTOP)
    try:
        until(lambda: lookout._looks_begun > lookout._last_look)
        stopping = threading.Thread(target=lookout.stop, daemon=True)
        stopping.start()
        stopping.join(PATIENCE)
        assert not stopping.is_alive()
    finally:
        os.kill(serving, signal.SIGCONT)
    lookout._thread.join(PATIENCE)
