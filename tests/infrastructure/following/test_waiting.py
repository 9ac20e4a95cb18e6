"""Waiting for read models, as a query with Wait-For-Position does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from psycopg_pool import AsyncConnectionPool

from infrastructure.following.checkpoints import CheckpointMoved, begin, move, position_of, wait_until
from tests.infrastructure.projections.parts import connected
from tests.servers import FreshDatabase

LONG, SHORT = 20.0, 0.02


@asynccontextmanager
async def pooled(url: str) -> AsyncIterator[AsyncConnectionPool]:
    async with AsyncConnectionPool(
        url, min_size=1, max_size=2, open=False, kwargs={"autocommit": True}
    ) as pool:
        yield pool


def reach(url: str, follower: str, position: int) -> None:
    with connected(url) as connection:
        begin(connection, follower)
        move(connection, follower, expected=position_of(connection, follower) or 0, position=position)


async def test_what_was_reached_is_not_waited_for(database: FreshDatabase) -> None:
    reach(database.app_url, "jobs_v1", 7)
    async with pooled(database.app_url) as pool:
        assert await wait_until(pool, ["jobs_v1"], 7, LONG)


async def test_all_followers_are_waited_for(database: FreshDatabase) -> None:
    reach(database.app_url, "jobs_v1", 7)
    async with pooled(database.app_url) as pool:
        waiting = asyncio.create_task(wait_until(pool, ["jobs_v1", "photos_v1"], 7, LONG))
        assert not await wait_until(pool, ["jobs_v1", "photos_v1"], 7, SHORT)
        await asyncio.to_thread(reach, database.app_url, "photos_v1", 8)
        assert await waiting


async def test_a_follower_that_does_not_get_there_in_time_is_told_of(database: FreshDatabase) -> None:
    reach(database.app_url, "jobs_v1", 6)
    async with pooled(database.app_url) as pool:
        assert not await wait_until(pool, ["jobs_v1"], 7, SHORT)
        assert not await wait_until(pool, ["nobody_v1"], 0, SHORT)


def test_a_checkpoint_moves_only_from_where_it_is_expected(database: FreshDatabase) -> None:
    with connected(database.app_url) as connection:
        assert position_of(connection, "jobs_v1") is None
        begin(connection, "jobs_v1")
        move(connection, "jobs_v1", expected=0, position=5)
        begin(connection, "jobs_v1")
        with pytest.raises(CheckpointMoved):
            move(connection, "jobs_v1", expected=4, position=6)
        assert position_of(connection, "jobs_v1") == 5
