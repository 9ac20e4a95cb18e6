"""The log of one aggregate as clients follow it: a stream's events in their order, and word of new ones."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
import structlog
from msgspec import Struct

from infrastructure.following.listener import Listener
from infrastructure.queries.reader import Reader

POLL = 1.0
"""Seconds between two looks when Redis does not say that there is news."""
_BREATH = 0.02
"""Seconds between two looks at the most, however much news there is."""
_AWAY = 1.0
"""Seconds before it looks again while the database is away."""

log = structlog.get_logger()


class EventRow(Struct, frozen=True):
    position: int
    version: int
    topic: str
    state: bytes
    owner: UUID | None
    recorded_at: datetime


class _Growth(Struct, frozen=True):
    stream_id: UUID
    version: int


# No watermark is needed: within one stream a version is only appended after the one before it is there.
_EVENTS: Final = b"""
    SELECT position, originator_version AS version, topic, state, owner, recorded_at
    FROM event_store.events
    WHERE originator_id = %(stream_id)s AND originator_version > %(after)s
    ORDER BY originator_version
"""
_GROWTH: Final = b"""
    SELECT wanted.stream_id, latest.version
    FROM unnest(%(streams)s::uuid[]) AS wanted (stream_id)
    CROSS JOIN LATERAL (
        SELECT originator_version AS version FROM event_store.events
        WHERE originator_id = wanted.stream_id ORDER BY originator_version DESC LIMIT 1
    ) AS latest
"""


async def events(reader: Reader, stream_id: UUID, *, after: int) -> list[EventRow]:
    """What was appended to a stream after this version of it."""
    return await reader.rows(EventRow, _EVENTS, {"stream_id": stream_id, "after": after})


class News:
    """Tells those who wait for a stream when it has grown: one look at the log for all of them together.

    A message on Redis asks for a look at once; without Redis there is one every POLL seconds.
    """

    def __init__(self, reader: Reader, redis_url: str) -> None:
        self._reader = reader
        self._redis_url = redis_url
        self.ended = False
        """Whether there will be no more; whoever follows something should say goodbye."""
        self._look = asyncio.Event()
        self._waiting: dict[UUID, set[tuple[int, asyncio.Future[None]]]] = {}
        self._listener: Listener | None = None
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()

        def look() -> None:
            loop.call_soon_threadsafe(self._look.set)

        self._listener = Listener(self._redis_url, look)
        self._listener.start()
        self._looking = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._listener:
            await asyncio.to_thread(self._listener.stop)
        if self._looking:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    def end(self) -> None:
        """Nobody waits any longer."""
        self.ended = True
        for _, grown in [one for waiting in self._waiting.values() for one in waiting]:
            if not grown.done():
                grown.set_result(None)

    async def wait(self, stream_id: UUID, version: int, seconds: float) -> bool:
        """Wait until the stream has more than this version; False if it has not in that time.

        After `end` it is true at once, and may not be.
        """
        if self.ended:
            return True
        grown: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(stream_id, set())
        waiting.add((version, grown))
        self._look.set()  # it may have grown since it was read
        try:
            async with asyncio.timeout(seconds):
                await grown
        except TimeoutError:
            return False
        finally:
            waiting.discard((version, grown))
            if not waiting:
                self._waiting.pop(stream_id, None)
        return True

    async def _run(self) -> None:
        away = False
        while True:
            with suppress(TimeoutError):
                # Not wait_for: until Python 3.12 that loses a cancellation that comes together with the news.
                async with asyncio.timeout(POLL):
                    await self._look.wait()
            self._look.clear()
            if not self._waiting:
                continue
            try:
                self._tell(await self._reader.rows(_Growth, _GROWTH, {"streams": list(self._waiting)}))
            except psycopg.Error as error:  # whatever it is, those who wait would do so for ever
                if not away:
                    log.warning("news.database_away", error=type(error).__name__)
                away = True
                await asyncio.sleep(_AWAY)
            else:
                away = False
                await asyncio.sleep(_BREATH)

    def _tell(self, found: Collection[_Growth]) -> None:
        for growth in found:
            for version, grown in self._waiting.get(growth.stream_id, ()):
                if growth.version > version and not grown.done():
                    grown.set_result(None)
