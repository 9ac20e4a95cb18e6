"""Keeping the leases of what this process performs, with one thread for all of them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import psycopg
import structlog

from infrastructure.reactions.failure import described
from infrastructure.reactions.queue import Claimed, LeaseLost, ReactionQueue

RENEWAL = 5.0
"""Seconds between renewals: two may fail before a lease of 15 s runs out."""
_FAREWELL = 1.0
"""Seconds for which the end waits for a renewal that the database keeps waiting."""

log = structlog.get_logger()


class Leases:
    """Renews the lease of each reaction that is held, until it is let go or takes longer than it may."""

    def __init__(self, queue: ReactionQueue, *, every: float = RENEWAL) -> None:
        self._queue = queue
        self._every = every
        self._held: dict[tuple[UUID, int], tuple[Claimed, float]] = {}
        """By id and fence, each with the moment of the monotonic clock from which it is no longer renewed."""
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Renew nothing any more."""
        self._stopped.set()
        self._thread.join(_FAREWELL)

    @contextmanager
    def held(self, claimed: Claimed, *, longest: float) -> Iterator[None]:
        """Keep this reaction's lease inside, for at most so many seconds."""
        key = claimed.reaction_id, claimed.fence
        with self._changed:
            self._held[key] = claimed, time.monotonic() + longest
        try:
            yield
        finally:
            with self._changed:
                self._held.pop(key, None)
                self._changed.notify_all()

    def wait_until_none_is_held(self, *, within: float) -> bool:
        """Whether everything that was held has been let go by then (in seconds)."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._held, timeout=within)

    def release_all(self) -> None:
        """Let others have what is still held. Whoever performs it here can write nothing any more."""
        with self._changed:
            held = [claimed for claimed, _ in self._held.values()]
        try:
            for claimed in held:
                with suppress(LeaseLost):  # it has just ended, or others have it already
                    self._queue.released(claimed)
                    log.info("reaction.released", kind=claimed.kind, reaction_id=str(claimed.reaction_id))
        except psycopg.Error as error:  # their leases will run out
            log.warning("leases.not_released", error=described(error))

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self._renew()
            except Exception as error:  # noqa: BLE001 - this thread must go on, whatever it is
                log.warning("leases.not_renewed", error=described(error))

    def _renew(self) -> None:
        now = time.monotonic()
        with self._changed:
            overdue = [claimed for claimed, until in self._held.values() if until <= now]
            for claimed in overdue:
                del self._held[claimed.reaction_id, claimed.fence]
            held = [claimed for claimed, _ in self._held.values()]
        for claimed in overdue:
            log.error("reaction.overdue", kind=claimed.kind, reaction_id=str(claimed.reaction_id))
        if held:
            self._queue.renew(held)
