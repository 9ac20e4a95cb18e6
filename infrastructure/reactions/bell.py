"""The bell: a list on Redis for each kind of reaction, whose entries say nothing but that somebody should look.

Redis holds nothing else of reactions. A bell too many finds nothing to do, and for one that is lost a sweeper
rings again.
"""

from typing import Any

import redis

MOST = 1000
"""The most bells that wait for one kind."""
_PREFIX = "stage:bells:"


class BellSilent(Exception):
    """Redis is away: nobody hears the bell."""


class Bell:
    """Rung by followers and sweepers; workers listen."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def ring(self, kind: str, times: int = 1) -> None:
        """Ring for so many reactions of this kind, as long as not too many bells wait. Raises BellSilent."""
        try:
            self._ring(kind, min(times, MOST - self._waiting(kind)))
        except redis.RedisError as error:
            raise BellSilent(type(error).__name__) from error

    def ring_up_to(self, kind: str, due: int) -> None:
        """Ring until as many bells wait as reactions do. Raises BellSilent."""
        try:
            self._ring(kind, min(due, MOST) - self._waiting(kind))
        except redis.RedisError as error:
            raise BellSilent(type(error).__name__) from error

    def heard(self, kinds: list[str], within: float) -> str | None:
        """The kind of the next bell, taken off its list: the first of these that one waits for.

        None when none rings within so many seconds. Raises BellSilent.
        """
        try:
            bell: Any = self._client.blpop([_PREFIX + kind for kind in kinds], timeout=within)
        except redis.RedisError as error:
            raise BellSilent(type(error).__name__) from error
        return None if bell is None else bell[0].decode().removeprefix(_PREFIX)

    def _ring(self, kind: str, times: int) -> None:
        if times > 0:
            self._client.rpush(_PREFIX + kind, *[b""] * times)

    def _waiting(self, kind: str) -> int:
        """How many bells no worker has heard yet."""
        waiting: Any = self._client.llen(_PREFIX + kind)
        return int(waiting)
