"""Waking followers after a commit: a message on Redis that may be lost, since they also look themselves."""

import time

import redis
import structlog

CHANNEL = "stage:appended"
SILENCE = 1.0
"""Seconds without a try after a failed one, so that an absent Redis slows nobody down."""

log = structlog.get_logger()


class Wake:
    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._quiet_until = 0.0

    def __call__(self) -> None:
        """Tell every follower that there is news. A lost message costs only latency: Redis raises nothing."""
        if time.monotonic() < self._quiet_until:
            return
        try:
            self._client.publish(CHANNEL, b"")
        except redis.RedisError as error:
            self._quiet_until = time.monotonic() + SILENCE
            log.warning("wake.failed", error=type(error).__name__)
