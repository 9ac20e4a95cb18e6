"""Rings for whatever is due, again and again; and while nobody hears the bell, has the work done directly."""

import threading

import structlog

from infrastructure.reactions.bell import MOST, Bell, BellSilent
from infrastructure.reactions.failure import described
from infrastructure.reactions.performing import Performing
from infrastructure.reactions.queue import ReactionQueue
from infrastructure.reactions.scheduler import Scheduler

INTERVAL = 2.0
"""Seconds between sweeps."""
_FAREWELL = 1.0
"""Seconds for which the end waits for a sweep that the database keeps waiting."""

log = structlog.get_logger()


class Sweeper:
    """Finds what nothing rings for any more: bells lost with Redis, leases that ran out, what is due by time.

    Every worker has one; they ring no more often than is needed, as each sees the bells that wait.
    """

    def __init__(
        self,
        queue: ReactionQueue,
        bell: Bell,
        performing: Performing,
        *,
        helpers: int,
        every: float = INTERVAL,
        scheduler: Scheduler | None = None,
    ) -> None:
        """`helpers` is how many threads perform directly while Redis is away; `every` is in seconds."""
        self._queue = queue
        self._bell = bell
        self._performing = performing
        self._most_helpers = helpers
        self._helpers: list[threading.Thread] = []
        self._every = every
        self._scheduler = scheduler
        self._silent = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ring no more, and let helpers begin nothing new."""
        self._stopped.set()
        self._silent.clear()
        self._thread.join(_FAREWELL)

    def sweep(self) -> None:
        """Ring once for everything that is due, or send helpers if nobody hears."""
        if self._scheduler:
            self._scheduler.write_due()
        due = self._queue.due([one.kind for one in self._performing.performers], most=MOST)
        try:
            for kind, count in due.items():
                self._bell.ring_up_to(kind, count)
        except BellSilent as silent:
            if not self._silent.is_set():
                log.warning("bell.silent", error=str(silent))
            self._silent.set()
            self._send_helpers(sum(due.values()))
        else:
            self._silent.clear()

    def _send_helpers(self, wanted: int) -> None:
        self._helpers = [helper for helper in self._helpers if helper.is_alive()]
        for _ in range(min(wanted, self._most_helpers - len(self._helpers))):
            helper = threading.Thread(target=self._help, name="helper", daemon=True)
            self._helpers.append(helper)
            helper.start()

    def _help(self) -> None:
        """Perform what is due until nothing is, or the bell is heard again."""
        while self._silent.is_set() and any(
            self._performing.perform_next(one.kind) for one in self._performing.performers
        ):
            pass

    def _run(self) -> None:
        while True:
            try:
                self.sweep()
            except Exception as error:  # noqa: BLE001 - this thread must go on, whatever it is
                log.warning("sweep.failed", error=described(error))
            if self._stopped.wait(self._every):
                return
