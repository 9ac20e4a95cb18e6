"""Turns are given to so many at once, and in an order that lets nobody be crowded out."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import pytest

from interfaces.rest.errors.faults import Busy
from interfaces.rest.turns import Turns

ANN, BOB, CID = UUID(int=1), UUID(int=2), UUID(int=3)
LONG, SHORT = 60.0, 0.02
"""Seconds."""


class Queue:
    """Those who want a turn, and in which order they had it."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.had: list[str] = []

    async def wants(self, who: UUID, *names: str) -> None:
        for name in names:
            self._ends[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._one(who, name))
        await settled()

    async def ends(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
            await self._tasks[name]
        await settled()

    async def leaves(self, name: str) -> None:
        self._tasks[name].cancel()
        with suppress(asyncio.CancelledError):
            await self._tasks[name]
        await settled()

    async def _one(self, who: UUID, name: str) -> None:
        async with self._turns.turn(who):
            self.had.append(name)
            await self._ends[name].wait()


async def settled() -> None:
    """Whoever can go on has done so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_than_so_many_have_a_turn_at_once() -> None:
    queue = Queue(Turns(2, patience=LONG))

    await queue.wants(ANN, "a", "b", "c")
    assert queue.had == ["a", "b"]

    await queue.ends("b")
    assert queue.had == ["a", "b", "c"]
    await queue.ends("a", "c")


async def test_everybodys_first_comes_before_anybodys_second() -> None:
    queue = Queue(Turns(1, patience=LONG))

    await queue.wants(ANN, "a1", "a2", "a3", "a4")
    await queue.wants(BOB, "b1", "b2")
    await queue.wants(CID, "c1")
    for name in ("a1", "a2", "b1", "c1", "a3", "b2", "a4"):
        await queue.ends(name)

    assert queue.had == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_nobody_has_all_the_turns() -> None:
    queue = Queue(Turns(4, each=2, patience=LONG))

    await queue.wants(ANN, "a1", "a2", "a3")
    await queue.wants(BOB, "b1")
    assert queue.had == ["a1", "a2", "b1"]

    await queue.ends("a2")
    assert queue.had == ["a1", "a2", "b1", "a3"]
    await queue.ends("a1", "a3", "b1")


async def test_whoever_has_waited_for_long_enough_hears_that_all_are_busy() -> None:
    turns = Turns(1, patience=SHORT)

    async with turns.turn(ANN):
        with pytest.raises(Busy):
            async with turns.turn(BOB):
                pytest.fail("there was no turn")
    async with turns.turn(BOB):
        pass


async def test_nobody_waits_for_those_who_have_left() -> None:
    queue = Queue(Turns(1, patience=LONG))
    await queue.wants(ANN, "a1", "a2")
    await queue.wants(BOB, "b1")

    await queue.leaves("a2")
    await queue.ends("a1")
    assert queue.had == ["a1", "b1"]

    await queue.wants(ANN, "a3")
    await queue.leaves("b1")
    assert queue.had == ["a1", "b1", "a3"]
    await queue.ends("a3")


async def test_a_turn_is_passed_on_when_its_taker_leaves_in_the_same_moment() -> None:
    queue = Queue(Turns(1, patience=LONG))
    await queue.wants(ANN, "a1", "a2")
    await queue.wants(BOB, "b1")

    given = asyncio.create_task(queue.ends("a1"))
    for name in ("a2", "b1"):
        await queue.leaves(name)
    await given
    await queue.wants(CID, "c1")

    assert queue.had[-1] == "c1"
    await queue.ends("c1")


async def test_a_turn_lasts_as_long_as_its_work_though_nobody_waits_for_that_any_more() -> None:
    turns = Turns(1, patience=LONG)
    begun, goes_on = threading.Event(), threading.Event()
    order: list[str] = []

    def work(told: Callable[[str], None]) -> None:
        begun.set()
        goes_on.wait()
        told("first")

    given_up = asyncio.create_task(turns.run(ANN, work, order.append))
    await asyncio.to_thread(begun.wait)
    given_up.cancel()
    following = asyncio.create_task(turns.run(BOB, order.append, "second"))
    await settled()
    goes_on.set()
    await following

    assert order == ["first", "second"]
    with pytest.raises(asyncio.CancelledError):
        await given_up
