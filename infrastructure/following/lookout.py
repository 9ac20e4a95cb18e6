"""Looking how far the log can be read: once per wake-up call, for all followers of a process."""

import threading
from collections.abc import Callable

import psycopg
import structlog

from infrastructure.event_store.reader import Watermark
from infrastructure.following.stalls import StallAlarm

POLL_SECONDS = 0.2
"""How often it looks unasked, in case a wake-up call was lost. Without news a look is one small query."""
_BREATH = 0.01
"""Seconds between two looks, so that a burst of news makes one batch instead of many."""
_AWAY = 0.5
"""Seconds before it looks again while the database is away."""
_FAREWELL = 2.0
"""Seconds for which the end waits for a look that the database keeps waiting."""

log = structlog.get_logger()


class Lookout:
    """A thread that keeps the watermark fresh and tells the followers. Started once, stopped once."""

    def __init__(self, watermark: Watermark, alarm: StallAlarm | None = None) -> None:
        self._watermark = watermark
        self._alarm = alarm
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._seen = threading.Condition()
        self._looks_begun = 0
        self._last_look = 0
        self._position = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let everybody who waits go on, and end. The watermark is closed with it."""
        self._stopping.set()
        self._news.set()
        with self._seen:
            self._seen.notify_all()
        self._watermark.close()  # ends a look that waits
        self._thread.join(_FAREWELL)
        if self._thread.is_alive():
            log.warning("lookout.stuck")
        self._watermark.close()  # a look may have connected again meanwhile

    def wake(self) -> None:
        """Somebody appended: look now."""
        self._news.set()

    @property
    def position(self) -> int | None:
        """The watermark as last seen; None before the first look."""
        return self._position if self._last_look else None

    def fresh(self) -> int | None:
        """The watermark, seen by a look that begins now; None when it is time to stop.

        Whoever connects again must wait for one: what was seen before a crash of the server says nothing
        about the log after it.
        """
        with self._seen:
            wanted = self._looks_begun + 1
            self._news.set()
            self._wait(lambda: self._last_look >= wanted, timeout=None)
            return self._position if self._last_look >= wanted else None

    def beyond(self, position: int, timeout: float) -> int:
        """The watermark as soon as it is above `position`, or as it is after `timeout` seconds or a stop."""
        with self._seen:
            self._wait(lambda: self._position > position, timeout)
            return self._position

    def _wait(self, condition: Callable[[], bool], timeout: float | None) -> None:
        self._seen.wait_for(lambda: condition() or self._stopping.is_set(), timeout)

    def _run(self) -> None:
        away = False
        while not self._stopping.is_set():
            try:
                self._look()
            except psycopg.Error as error:
                if not away:
                    log.warning("lookout.database_away", error=type(error).__name__)
                away = True
                self._stopping.wait(_AWAY)
            else:
                if away:
                    log.info("lookout.database_back")
                away = False
                self._stopping.wait(_BREATH)
                self._news.wait(POLL_SECONDS)
            self._news.clear()

    def _look(self) -> None:
        with self._seen:
            self._looks_begun += 1
            look = self._looks_begun
        position = self._watermark.next()
        if self._alarm:
            self._alarm.look(held_back=self._watermark.held_back)
        with self._seen:
            self._last_look, self._position = look, position
            self._seen.notify_all()
