"""News of streams ends when it is told to, whatever arrives at that very moment."""

import asyncio
from uuid import uuid4

import pytest

from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.database import Database
from infrastructure.queries.reader import Reader
from infrastructure.queries.streams import News

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def unused() -> Reader:
    """It never has to connect, as nobody waits for a stream."""
    return Reader(NOWHERE, Keyring(Database(NOWHERE, size=1), bytes(32)), size=1)


@pytest.mark.parametrize("steps", range(6))
async def test_news_that_comes_while_it_is_closed_does_not_keep_it_open(
    unused: Reader, valkey: EmbeddedValkey, steps: int
) -> None:
    news = News(unused, valkey.url)
    await news.open()
    listener, news._listener = news._listener, None  # whose end would give it time
    try:
        await asyncio.sleep(0)
        news._look.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await news.close()
    finally:
        if listener:
            listener.stop()


async def test_after_its_end_nobody_waits(unused: Reader, valkey: EmbeddedValkey) -> None:
    news = News(unused, valkey.url)
    waiting = asyncio.create_task(news.wait(uuid4(), 1, 60))
    await asyncio.sleep(0)
    news.end()
    async with asyncio.timeout(10):
        assert await waiting
        assert await news.wait(uuid4(), 1, 60)
