"""Hearing that somebody appended, by Redis: sooner than polling would see it, and never relied on."""

import threading
from collections.abc import Callable

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from infrastructure.following.wake import CHANNEL

_PATIENCE = 0.25
"""Seconds that one wait for a message takes, and so the longest that stopping takes."""
_AWAY = 1.0
"""Seconds before it tries again while Redis is away."""
_TIMEOUT = 5
"""Seconds that Redis may take to connect and to answer."""

log = structlog.get_logger()


class Listener:
    """A thread that calls `wake` for each message on the channel. Started once, stopped once."""

    def __init__(self, redis_url: str, wake: Callable[[], None]) -> None:
        self._url = redis_url
        self._wake = wake
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._stopping = threading.Event()
        self._hears = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    @property
    def hears(self) -> bool:
        """Whether it is subscribed."""
        return self._hears.is_set()

    def _run(self) -> None:
        away = False
        while not self._stopping.is_set():
            try:
                self._listen()
            except redis.RedisError as error:
                if self._hears.is_set() or not away:
                    log.warning("listener.redis_away", error=type(error).__name__)
                away = True
                self._hears.clear()
                self._stopping.wait(_AWAY)

    def _listen(self) -> None:
        with (
            redis.Redis.from_url(
                self._url,
                socket_connect_timeout=_TIMEOUT,
                socket_timeout=_TIMEOUT,
                health_check_interval=_TIMEOUT,
                retry=Retry(NoBackoff(), 0),
            ) as client,
            client.pubsub(ignore_subscribe_messages=True) as channel,
        ):
            channel.subscribe(CHANNEL)
            self._hears.set()
            self._wake()  # what was appended before may have gone unheard
            while not self._stopping.is_set():
                if channel.get_message(timeout=_PATIENCE):
                    self._wake()
