"""How often somebody may ask in a minute: counted on Redis for all processes, or here alone while it is away."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil, floor
from typing import Any, Final

import structlog
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

WINDOW: Final = 60.0
"""Seconds that limits are about."""
PATIENCE: Final = 0.5
"""Seconds until Redis counts as away."""
SILENCE: Final = 1.0
"""Seconds without a try after a failed one."""
_MOST = 100_000
"""Keys remembered here at the most; the oldest windows go first."""
_PREFIX = "stage:rate:"

log = structlog.get_logger()


class Asked(Struct, frozen=True):
    key: str
    """Who asks, and for what kind of thing."""
    limit: int
    """How often in a window."""
    times: int


class Counted(Struct, frozen=True):
    """What was granted of what was asked; only that is counted, so asking in vain costs nothing more."""

    granted: int
    remaining: int
    wait: float
    """Seconds until one more will be granted; 0 while there is one."""


# A sliding window: of the window before, the part counts that lies less than a window back, as if its
# requests had come evenly. Each key has the number of its window and the counts of that one and the one
# before. The clock is Redis', the same for every process. This and LocalCounts.count are one rule.
_SCRIPT: Final = """
local seconds = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6 + tonumber(ARGV[2])
local window = math.floor(now / seconds)
local left = 1 - (now / seconds - window)
local answer = {}
for number, key in ipairs(KEYS) do
    local limit, times = tonumber(ARGV[1 + 2 * number]), tonumber(ARGV[2 + 2 * number])
    local kept = redis.call('HMGET', key, 'window', 'current', 'previous')
    local at, current, previous = tonumber(kept[1] or window), tonumber(kept[2] or 0), tonumber(kept[3] or 0)
    if at < window then
        previous = at == window - 1 and current or 0
        current = 0
    end
    local room = math.floor(limit - previous * left - current)
    local granted = math.max(0, math.min(times, room))
    current = current + granted
    redis.call('HSET', key, 'window', math.max(at, window), 'current', current, 'previous', previous)
    redis.call('PEXPIRE', key, math.ceil(2000 * seconds))
    answer[number] = {granted, current, previous}
end
answer[#KEYS + 1] = tostring(left)
return answer
"""


class LocalCounts:
    """Counts of this process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._counts: dict[str, tuple[int, int, int]] = {}

    async def count(self, asked: Sequence[Asked]) -> list[Counted]:
        """What is granted to each."""
        now = self._clock() / WINDOW
        window = floor(now)
        return [self._count(one, window, 1 - (now - window)) for one in asked]

    def _count(self, asked: Asked, window: int, left: float) -> Counted:
        at, current, previous = self._counts.pop(asked.key, (window, 0, 0))
        if at < window:
            current, previous = 0, current if at == window - 1 else 0
        granted = max(0, min(asked.times, floor(asked.limit - previous * left - current)))
        current += granted
        if len(self._counts) >= _MOST:
            del self._counts[next(iter(self._counts))]
        self._counts[asked.key] = max(at, window), current, previous
        return counted(asked, granted, current, previous, left)


class RedisCounts:
    """Counts of all processes."""

    def __init__(self, client: "Redis", ahead: Callable[[], float] = lambda: 0.0) -> None:
        """`ahead` moves Redis' clock, by so many seconds."""
        self._script = client.register_script(_SCRIPT)
        self._ahead = ahead

    async def count(self, asked: Sequence[Asked]) -> list[Counted]:
        """What is granted to each. Raises RedisError or TimeoutError."""
        keys = [f"{_PREFIX}{one.key}" for one in asked]
        numbers = [number for one in asked for number in (one.limit, one.times)]
        async with asyncio.timeout(PATIENCE):
            *found, left = await self._script(keys, [WINDOW, self._ahead(), *numbers])
        return [
            counted(one, granted, current, previous, float(left))
            for one, (granted, current, previous) in zip(asked, found, strict=True)
        ]


def counted(asked: Asked, granted: int, current: int, previous: int, left: float) -> Counted:
    """What the counts of this window and the one before mean, of which `left` is still to be counted."""
    room = asked.limit - previous * left - current
    if room >= 1:
        wait = 0.0
    elif current < asked.limit:  # enough of the window before must have gone by
        wait = left - (asked.limit - current - 1) / previous
    else:  # or, once this one is over, enough of this one
        wait = left + 1 - (asked.limit - 1) / current
    return Counted(granted, max(0, floor(room)), wait * WINDOW)


class RateLimits:
    """Counts with Redis, and without it by itself: nobody is refused because Redis is away.

    What is asked while Redis is being asked goes there together afterwards, so the busier a process is, the
    less each request costs.
    """

    def __init__(self, redis_url: str) -> None:
        self._client: Any = Redis.from_url(
            redis_url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
        )
        self._everywhere = RedisCounts(self._client)
        self._here = LocalCounts()
        self._quiet_until = 0.0
        self._waiting: dict[tuple[str, int], list[asyncio.Future[Counted]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._asking:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking
        await self._client.aclose()

    async def count(self, key: str, limit: int) -> Counted:
        """Ask for one more."""
        waiter: asyncio.Future[Counted] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((key, limit), []).append(waiter)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_for_all())
        return await waiter

    async def _ask_for_all(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                asked = [Asked(key, limit, len(waiters)) for (key, limit), waiters in waiting.items()]
                for one, waiters in zip(await self._counted(asked), waiting.values(), strict=True):
                    _tell(waiters, one)
        finally:
            self._asking = None

    async def _counted(self, asked: Sequence[Asked]) -> list[Counted]:
        if time.monotonic() >= self._quiet_until:
            try:
                return await self._everywhere.count(asked)
            except (RedisError, TimeoutError, OSError) as error:
                self._quiet_until = time.monotonic() + SILENCE
                log.warning("rate_limits.alone", error=type(error).__name__)
        return await self._here.count(asked)


def _tell(waiters: Sequence["asyncio.Future[Counted]"], counted: Counted) -> None:
    """The first of those who asked together get what was granted; the last of them sees what remains."""
    for number, waiter in enumerate(waiters):
        if not waiter.done():  # else its request was broken off
            granted = int(number < counted.granted)
            behind = max(0, counted.granted - number - 1)
            wait = counted.wait if not granted or number == len(waiters) - 1 else 0.0
            waiter.set_result(Counted(granted, counted.remaining + behind, wait))


def seconds(wait: float) -> int:
    """For Retry-After: whole seconds, 1 at least."""
    return max(1, ceil(wait))
