"""What lets dramatiq's workers answer the bells: a broker whose messages are bells, all of one queue.

Dramatiq's own broker for Redis asks for each queue again and again, and remembers who has fetched what. Here one
thread of a worker waits for all kinds at once, and hears at once; what was heard by a worker that died is rung for
by a sweeper, like any other bell that is lost.
"""

import threading
import time
from collections.abc import Callable, Iterable
from random import random

import structlog
from dramatiq import Broker, Consumer, Message, MessageProxy
from dramatiq.middleware import Retries

from infrastructure.reactions.bell import Bell, BellSilent

QUEUE = "bells"

log = structlog.get_logger()


class BellBroker(Broker):
    """A bell is never delayed nor tried again: the row of the reaction is the only state of its attempts."""

    def __init__(self, bell: Bell, *, threads: int) -> None:
        """No more bells are heard than so many threads can answer, so that idle workers hear the others."""
        super().__init__(middleware=[Retries(max_retries=0)])
        self._bell = bell
        self._idle = threading.BoundedSemaphore(threads)

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = queue_name
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30000) -> Consumer:  # noqa: ARG002 - as dramatiq calls it
        """The bells of all actors; `timeout` is in milliseconds."""
        return _Ear(self._bell, self._idle, self._kinds, timeout / 1000)

    def _kinds(self) -> list[str]:
        """Lower ranks are likelier to come first; in the long run each has its turn."""
        return sorted(self.actors, key=lambda kind: (1 + self.actors[kind].priority) * random())  # noqa: S311 - a lottery, no secret


class _Ear(Consumer):
    def __init__(
        self, bell: Bell, idle: threading.Semaphore, kinds: Callable[[], list[str]], patience: float
    ) -> None:
        self._bell = bell
        self._idle = idle
        self._kinds = kinds
        self._patience = patience

    def __next__(self) -> MessageProxy | None:
        if not self._idle.acquire(timeout=self._patience):
            return None
        kind = None
        try:
            kind = self._bell.heard(self._kinds(), within=self._patience)
        except BellSilent:  # the sweeper says so, and has the work done meanwhile
            time.sleep(self._patience)
        finally:
            if kind is None:
                self._idle.release()
        return MessageProxy(Message(QUEUE, kind, args=(), kwargs={}, options={})) if kind else None

    def ack(self, message: MessageProxy) -> None:  # noqa: ARG002 - as dramatiq calls it
        self._idle.release()

    def nack(self, message: MessageProxy) -> None:  # noqa: ARG002 - as dramatiq calls it
        self._idle.release()

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Let others hear what this worker has no time for any more."""
        try:
            for message in messages:
                self._bell.ring(message.actor_name)
        except BellSilent as silent:  # sweepers ring again
            log.warning("bells.not_returned", error=str(silent))
