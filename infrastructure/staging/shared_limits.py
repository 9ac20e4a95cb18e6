"""The same limits for all workers together, in Redis; and each for itself, carefully, while Redis is away."""

import time
from collections.abc import Callable
from typing import TypeVar
from uuid import uuid4

import redis
import structlog

from infrastructure.staging.limits import (
    FAILURES,
    FULL_PAUSE,
    OPEN_SECONDS,
    REMEMBERED,
    WINDOW,
    Busy,
    LocalLimits,
    Permit,
    share_of,
)
from infrastructure.staging.models import ImageModel

# Each script runs alone, by the clock of Redis. Times are milliseconds; scores of `running` are when a lease
# ends, so that a dead worker's calls are not counted for ever; those of `started` are when a call began.
_NOW = "local at = redis.call('TIME'); local now = at[1] * 1000 + math.floor(at[2] / 1000);"

_ENTER = f"""
{_NOW}
local resting, running, started, failures = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local permit, at_once, per_minute = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local window, lease, most, pause = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local rest = redis.call('PTTL', resting)
if rest > 0 then return {{rest, 1}} end
redis.call('ZREMRANGEBYSCORE', running, '-inf', now)
redis.call('ZREMRANGEBYSCORE', started, '-inf', now - window)
if tonumber(redis.call('GET', failures) or '0') >= most then at_once = 1 end
if redis.call('ZCARD', running) >= at_once then return {{pause, 0}} end
if redis.call('ZCARD', started) >= per_minute then
    return {{redis.call('ZRANGE', started, 0, 0, 'WITHSCORES')[2] + window - now, 0}}
end
redis.call('ZADD', running, now + lease, permit)
redis.call('ZADD', started, now, permit)
redis.call('PEXPIRE', running, lease)
redis.call('PEXPIRE', started, window)
return {{0, 0}}
"""

_REST = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
"""

_FAILED = """
local failures = redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
if failures < tonumber(ARGV[1]) then return 0 end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[2]) end
return 1
"""

AWAY_SECONDS = 5.0
"""For so long Redis is not asked again once it did not answer."""

T = TypeVar("T")

log = structlog.get_logger()


class RedisLimits:
    """Raises RedisError when Redis is away."""

    def __init__(self, client: "redis.Redis", *, open_seconds: float = OPEN_SECONDS) -> None:
        self._client = client
        self._open_seconds = open_seconds
        self._enter = client.register_script(_ENTER)
        self._rest = client.register_script(_REST)
        self._failed = client.register_script(_FAILED)

    def enter(self, model: ImageModel, *, lease: float) -> Permit:
        permit = Permit(model.name, uuid4(), shared=True)
        keys = [_key(model.name, part) for part in ("resting", "running", "started", "failures")]
        wait, resting = self._enter(
            keys,
            [
                str(permit.permit_id),
                model.at_once,
                model.per_minute,
                _ms(WINDOW),
                _ms(lease),
                FAILURES,
                _ms(FULL_PAUSE),
            ],
        )
        if wait > 0:
            raise Busy(wait / 1000, resting=bool(resting))
        return permit

    def leave(self, permit: Permit) -> None:
        self._client.zrem(_key(permit.model, "running"), str(permit.permit_id))

    def rest(self, model: str, seconds: float) -> None:
        self._rest([_key(model, "resting")], [_ms(seconds)])

    def succeeded(self, model: str) -> None:
        self._client.delete(_key(model, "failures"))

    def failed(self, model: str) -> bool:
        keys = [_key(model, "resting"), _key(model, "failures")]
        return bool(self._failed(keys, [FAILURES, _ms(self._open_seconds), _ms(REMEMBERED)]))


class SharedLimits:
    """Limits in Redis, and, while that is away, a careful share of them in this process: never none."""

    def __init__(self, client: "redis.Redis", *, open_seconds: float = OPEN_SECONDS) -> None:
        self._shared = RedisLimits(client, open_seconds=open_seconds)
        self._own = LocalLimits(open_seconds=open_seconds)
        self._away_until = 0.0

    def enter(self, model: ImageModel, *, lease: float) -> Permit:
        permit = self._asked(lambda: self._shared.enter(model, lease=lease))
        return permit or self._own.enter(share_of(model), lease=lease)

    def leave(self, permit: Permit) -> None:
        if permit.shared:
            self._asked(lambda: self._shared.leave(permit))  # unheard, its lease runs out
        else:
            self._own.leave(permit)

    def rest(self, model: str, seconds: float) -> None:
        self._own.rest(model, seconds)
        self._asked(lambda: self._shared.rest(model, seconds))

    def succeeded(self, model: str) -> None:
        self._own.succeeded(model)
        self._asked(lambda: self._shared.succeeded(model))

    def failed(self, model: str) -> bool:
        opened = self._own.failed(model)
        everywhere = self._asked(lambda: self._shared.failed(model))
        return opened if everywhere is None else everywhere

    def _asked(self, ask: Callable[[], T]) -> T | None:
        """What Redis says, or None; while it is away it is not asked each time, as that takes seconds."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return ask()
        except redis.RedisError as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("limits.not_shared", error=type(error).__name__)
            return None


def _key(model: str, part: str) -> str:
    """The braces keep a model's keys together where Redis is a cluster."""
    return f"stage:limits:{{{model}}}:{part}"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
