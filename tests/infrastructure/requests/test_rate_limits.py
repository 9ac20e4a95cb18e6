"""Counting requests in a sliding minute: by one rule, on Redis for everybody and alone without it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis

from infrastructure.requests.rate_limits import (
    WINDOW,
    Asked,
    Counted,
    LocalCounts,
    RateLimits,
    RedisCounts,
    seconds,
)

numbers = count()


@dataclass
class Minutes:
    """Counts, and the hand of their clock."""

    counts: LocalCounts | RedisCounts
    move_to: Callable[[float], None]
    """So many minutes after a full one."""

    async def ask(self, key: str, *, limit: int, times: int = 1) -> Counted:
        (counted,) = await self.counts.count([Asked(key, limit, times)])
        return counted


@pytest.fixture(params=["here", "on Redis"])
async def minutes(request: pytest.FixtureRequest) -> AsyncIterator[Minutes]:
    """Each test has hours of its own, so that none meets what another left."""
    beginning = (next(numbers) + 1) * 3600.0
    place = [0.0]

    def move_to(minutes: float) -> None:
        place[0] = minutes * WINDOW

    if request.param == "here":
        yield Minutes(LocalCounts(lambda: beginning + place[0]), move_to)
        return
    valkey: Any = request.getfixturevalue("valkey")
    client: Any = Redis.from_url(valkey.url)
    # A full minute of the server's clock; each question is asked as if no time had gone by since.
    yield Minutes(RedisCounts(client, lambda: beginning + place[0] - time.time() % WINDOW), move_to)
    await client.aclose()


async def test_as_many_are_granted_as_the_limit_says(minutes: Minutes) -> None:
    minutes.move_to(0.5)
    answers = [await minutes.ask("ada", limit=3) for _ in range(4)]

    assert [one.granted for one in answers] == [1, 1, 1, 0]
    assert [one.remaining for one in answers] == [2, 1, 0, 0]
    assert answers[1].wait == 0
    # half a minute until this one is over, then until a third of it has gone by
    assert answers[3].wait == pytest.approx(WINDOW * (1 / 2 + 1 / 3), abs=1)


async def test_asking_in_vain_costs_nothing_more(minutes: Minutes) -> None:
    minutes.move_to(0.5)
    *_, last = [await minutes.ask("ada", limit=2) for _ in range(10)]
    minutes.move_to(0.5 + last.wait / WINDOW + 0.05)

    assert (await minutes.ask("ada", limit=2)).granted == 1


async def test_no_more_are_granted_around_the_full_minute(minutes: Minutes) -> None:
    minutes.move_to(0.95)
    first = await minutes.ask("ada", limit=10, times=10)
    minutes.move_to(1.05)
    second = await minutes.ask("ada", limit=10, times=10)

    assert (first.granted, second.granted) == (10, 0)


async def test_what_was_long_ago_counts_no_more(minutes: Minutes) -> None:
    await minutes.ask("ada", limit=5, times=5)
    minutes.move_to(2.01)

    assert (await minutes.ask("ada", limit=5, times=9)).granted == 5


async def test_keys_do_not_share_their_counts(minutes: Minutes) -> None:
    minutes.move_to(0.5)
    both = await minutes.counts.count([Asked("ada", 1, 5), Asked("bea", 2, 5)])
    (again,) = await minutes.counts.count([Asked("bea", 2, 1)])

    assert [one.granted for one in (*both, again)] == [1, 2, 0]


async def test_those_who_ask_at_once_are_told_one_by_one(valkey: Any) -> None:
    limits = RateLimits(valkey.url)
    try:
        answers = await asyncio.gather(*(limits.count("ada", 3) for _ in range(6)))
    finally:
        await limits.close()

    assert [one.granted for one in answers] == [1, 1, 1, 0, 0, 0]
    assert all(one.wait > 0 for one in answers[3:])


async def test_without_redis_a_process_counts_alone() -> None:
    limits = RateLimits("redis://127.0.0.1:1")
    try:
        answers = [await limits.count("ada", 2) for _ in range(3)]
    finally:
        await limits.close()

    assert [one.granted for one in answers] == [1, 1, 0]


def test_whoever_must_wait_is_told_whole_seconds() -> None:
    assert [seconds(wait) for wait in (0.0, 0.2, 1.0, 1.01)] == [1, 1, 1, 2]
