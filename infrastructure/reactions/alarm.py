"""Rings the bell for what is due in a moment: the sweepers, which look every other second, would be late."""

import sched
import threading
import time

import structlog

from infrastructure.reactions.bell import Bell, BellSilent

log = structlog.get_logger()


class Alarm:
    """Whatever it was set for and is forgotten, as its process ends, the sweepers ring for."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._agenda = sched.scheduler(time.monotonic)
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarm", daemon=True)

    def set(self, seconds: float, kind: str, times: int) -> None:
        """Ring so often for this kind in so many seconds."""
        self._agenda.enter(seconds, 0, self._ring, (kind, times))
        self._news.set()
        if self._thread.ident is None:
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._news.wait(self._agenda.run(blocking=False))
            self._news.clear()

    def _ring(self, kind: str, times: int) -> None:
        try:
            self._bell.ring(kind, times)
        except BellSilent as silent:
            log.warning("bell.silent", error=str(silent))
