"""Kept answers, and the turns of those who ask for the same, as two processes have them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.database import Database
from infrastructure.requests.answers import Answers


@pytest.fixture
async def processes(database: Any) -> AsyncIterator[tuple[Answers, Answers]]:
    opened = Database(database.app_url, size=1)
    opened.open()
    keyring = Keyring(opened, b"m" * 32)
    one, other = Answers(database.app_url, keyring), Answers(database.app_url, keyring)
    yield one, other
    await one.close()
    await other.close()
    opened.close()


async def test_one_process_waits_for_the_other(processes: tuple[Answers, Answers]) -> None:
    one, other = processes
    wanted, order = uuid4(), []

    async def second() -> None:
        async with other.alone(wanted):
            order.append("second")

    async with one.alone(wanted):
        waiting = asyncio.create_task(second())
        async with other.alone(uuid4()):  # others go on meanwhile
            order.append("another")
        order.append("first")
    await asyncio.wait_for(waiting, 10)

    assert order == ["another", "first", "second"]


async def test_a_turn_ends_with_the_process_that_had_it(
    processes: tuple[Answers, Answers], database: Any
) -> None:
    one, other = processes
    wanted = uuid4()
    async with one.alone(wanted):
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> %s",
                [connection.info.backend_pid],
            )
        async with asyncio.timeout(10), other.alone(wanted):
            pass
    assert await one.find(wanted) is None  # on a new connection


async def test_turns_leave_nothing_behind(processes: tuple[Answers, Answers], database: Any) -> None:
    one, _ = processes
    wanted = uuid4()

    async def turn() -> None:
        async with one.alone(wanted):
            pass

    await asyncio.gather(*(turn() for _ in range(20)))

    assert (one._here, one._wanted) == ({}, {})
    with psycopg.connect(database.superuser_url) as connection:
        left = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert left == (0,)
