"""The bell: a message without content that tells a worker to look for a reaction of some kind.

Redis holds nothing else. A bell too many finds nothing to do, and for one that is lost a sweeper rings again.
"""

import redis
import structlog
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Retries

MOST = 1000
"""The most bells that wait for one kind."""
NAMESPACE = "stage"

log = structlog.get_logger()


class BellSilent(Exception):
    """Redis is away: nobody hears the bell."""


class BellBroker(RedisBroker):
    """Dramatiq's broker, set so that a dead worker's bells ring again after 10 s.

    A bell is never delayed nor tried again, so the queues for that are not polled either: the row of the
    reaction is the only state of its attempts.
    """

    def __init__(self, client: "redis.Redis") -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # it has no types
            client=client,
            namespace=NAMESPACE,
            middleware=[Retries(max_retries=0)],
            heartbeat_timeout=10_000,
            maintenance_chance=1_000_000,
            dead_message_ttl=60_000,
        )

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)


class Bell:
    """Each kind has a queue and an actor of its name."""

    def __init__(self, broker: BellBroker) -> None:
        self._broker = broker

    def ring(self, kind: str, times: int = 1) -> None:
        """Ring for so many reactions of this kind, as long as not too many bells wait. Raises BellSilent."""
        try:
            for _ in range(min(times, MOST - self._waiting(kind))):
                self._broker.enqueue(
                    Message(queue_name=kind, actor_name=kind, args=(), kwargs={}, options={})
                )
        except redis.RedisError as error:
            raise BellSilent(type(error).__name__) from error

    def ring_up_to(self, kind: str, due: int) -> None:
        """Ring until as many bells wait as reactions do. Raises BellSilent."""
        try:
            waiting = self._waiting(kind)
        except redis.RedisError as error:
            raise BellSilent(type(error).__name__) from error
        self.ring(kind, due - waiting)

    def _waiting(self, kind: str) -> int:
        """How many bells no worker has fetched yet."""
        return int(self._broker.client.llen(f"{NAMESPACE}:{kind}"))
