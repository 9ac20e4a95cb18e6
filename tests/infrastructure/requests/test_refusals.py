"""What is refused is counted whole and written slowly, and nobody waits for it."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
import pytest
from structlog.testing import capture_logs

from infrastructure.records.security_log import Entry, Refusal, Refused
from infrastructure.requests import refusals as module
from infrastructure.requests.refusals import MOST, NETWORKS, Refusals

SIGN_IN = Refusal(Refused.SIGN_IN, route="POST /auth/sign-in", network="203.0.113.0/24")
PATIENCE = 20


class Pages:
    """A log in memory, which can be away or wait until it is let go."""

    def __init__(self) -> None:
        self.written: list[Sequence[Entry]] = []
        self.fails = 0
        self.held = threading.Event()
        self.held.set()

    def write(self, entries: Sequence[Entry]) -> None:
        assert self.held.wait(PATIENCE)
        if self.fails:
            self.fails -= 1
            raise OSError
        self.written.append(entries)

    @property
    def entries(self) -> list[Entry]:
        return [entry for entries in self.written for entry in entries]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what a thread does sets no event
            await asyncio.sleep(0.001)


def somebody(number: int) -> Refusal:
    return Refusal(Refused.SIGN_IN, claim_id=UUID(int=number))


async def test_those_that_are_the_same_are_one_entry_that_counts_them() -> None:
    pages = Pages()
    refusals = Refusals(pages.write, pace=0)
    for request_id in ("r-1", "r-2", "r-3"):
        refusals.note(SIGN_IN, request_id)
    refusals.note(somebody(1), "r-4")
    await until(lambda: bool(pages.written))

    assert pages.entries == [Entry(SIGN_IN, 3, "r-1"), Entry(somebody(1), 1, "r-4")]
    await refusals.close()
    assert len(pages.written) == 1


async def test_of_a_flood_each_one_is_counted_and_some_are_told_apart() -> None:
    pages = Pages()
    refusals = Refusals(pages.write, pace=0)
    for number in range(MOST):
        refusals.note(somebody(number), "r")
    for number in range(10_000):
        known = number < 9_000
        network = "203.0.113.0/24" if known else f"10.{number // 100}.{number % 100}.0/24"
        refusals.note(msgspec.structs.replace(somebody(number + MOST), network=network), "r")
    refusals.note(Refusal(Refused.RATE, user_id=UUID(int=7)), "r")
    await refusals.close()

    assert sum(entry.times for entry in pages.entries) == MOST + 10_001
    assert len(pages.entries) == MOST + NETWORKS + 2
    assert pages.entries[MOST] == Entry(Refusal(Refused.SIGN_IN, network="203.0.113.0/24"), 9_000, None)
    assert pages.entries[-2:] == [
        Entry(Refusal(Refused.SIGN_IN), 1_000 - NETWORKS + 1, None),
        Entry(Refusal(Refused.RATE), 1, None),
    ]


async def test_after_many_rows_nothing_is_written_for_long() -> None:
    paused: list[float] = []

    class Watched(Refusals):
        async def _pause(self, seconds: float) -> None:
            paused.append(seconds)

    pages = Pages()
    refusals = Watched(pages.write, pace=1.0)
    for number in range(20):
        refusals.note(somebody(number), "r")
    await until(lambda: len(pages.entries) == 20)
    refusals.note(SIGN_IN, "r")
    await until(lambda: len(pages.entries) == 21)

    assert paused[0] == 1.0
    assert 19.0 < paused[1] <= 20.0


async def test_what_comes_while_one_writes_is_written_next() -> None:
    pages = Pages()
    refusals = Refusals(pages.write, pace=0)
    pages.held.clear()
    refusals.note(somebody(1), "r")
    await until(lambda: not refusals._gathered)
    refusals.note(somebody(2), "r")
    pages.held.set()
    await refusals.close()

    assert pages.written == [[Entry(somebody(1), 1, "r")], [Entry(somebody(2), 1, "r")]]


async def test_while_the_database_is_away_all_of_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AWAY", 0.001)
    pages = Pages()
    pages.fails = 3
    refusals = Refusals(pages.write, pace=0)
    with capture_logs() as logs:
        refusals.note(SIGN_IN, "r-1")
        await until(lambda: pages.fails == 1)
        refusals.note(SIGN_IN, "r-2")
        await until(lambda: bool(pages.written))

    assert pages.entries == [Entry(SIGN_IN, 2, "r-1")]
    assert {log["event"] for log in logs} == {"security_log.away"}
    await refusals.close()


async def test_what_could_not_be_written_in_the_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages()
    pages.fails = 1
    refusals = Refusals(pages.write)
    with capture_logs() as failing:
        refusals.note(SIGN_IN, "r-1")
        refusals.note(SIGN_IN, "r-2")
        await refusals.close()
    assert failing[-1] == {"event": "security_log.lost", "log_level": "error", "refusals": 2}

    monkeypatch.setattr(module, "AWAY", 0.01)
    pages.held.clear()
    refusals = Refusals(pages.write)
    with capture_logs() as hanging:
        refusals.note(SIGN_IN, "r-3")
        await refusals.close()
    assert hanging == [{"event": "security_log.lost", "log_level": "error", "refusals": 1}]
    pages.held.set()
    await until(lambda: bool(pages.written))
