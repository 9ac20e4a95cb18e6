"""Waking followers after a commit: a message on Redis that may be lost, since they also look themselves."""

import threading

import redis
import structlog

CHANNEL = "stage:appended"
REST = 0.005
"""Seconds between two messages: so many commits are told of by one, and followers take them in one batch."""
SILENCE = 1.0
"""Seconds without a try after a failed one, so that an absent Redis is not asked for each commit."""

log = structlog.get_logger()


class Wake:
    """Publishes from a thread of its own: no commit waits for Redis, and many at once make one message."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._news = threading.Event()
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        """Tell every follower that there is news. A lost message costs only latency: Redis raises nothing."""
        if self._news.is_set():
            return  # the message that is about to be sent tells of this, too
        self._news.set()
        with self._starting:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="wake", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Tell what there is to tell, and end: the client may be closed afterwards."""
        with self._starting:
            self._closed.set()
            thread = self._thread
        if thread:
            self._news.set()
            thread.join()

    def _run(self) -> None:
        while True:
            self._news.wait()
            closed = self._closed.is_set()  # what came before that is told of now
            self._news.clear()
            pause = REST
            try:
                self._client.publish(CHANNEL, b"")
            except redis.RedisError as error:
                log.warning("wake.failed", error=type(error).__name__)
                pause = SILENCE
            if closed:
                return
            self._closed.wait(pause)
