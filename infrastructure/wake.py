"""Waking followers after a commit: a message on Redis that may be lost, since they also look themselves."""

import threading
import time

import redis
import structlog

CHANNEL = "stage:appended"
SILENCE = 1.0
"""Seconds without a try after a failed one, so that an absent Redis is not asked for each commit."""

log = structlog.get_logger()


class Wake:
    """Publishes from a thread of its own: no commit waits for Redis, and many at once make one message."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._news = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        """Tell every follower that there is news. A lost message costs only latency: Redis raises nothing."""
        self._news.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="wake", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            try:
                self._client.publish(CHANNEL, b"")
            except redis.RedisError as error:
                log.warning("wake.failed", error=type(error).__name__)
                time.sleep(SILENCE)
