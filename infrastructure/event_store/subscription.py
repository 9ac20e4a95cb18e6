"""The library's subscriptions on our log: gap-safe, and polling, since a lost NOTIFY wakes nobody."""

import threading
from collections import deque
from collections.abc import Sequence

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

from infrastructure.event_store.reader import Watermark

POLL_SECONDS = 0.05
_BATCH = 500


class GapSafeSubscription(Subscription[ApplicationRecorder]):
    """Iterates over the log for ever, up to the watermark, looking again every POLL_SECONDS."""

    def __init__(
        self,
        recorder: ApplicationRecorder,
        watermark: Watermark,
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._watermark = watermark
        self._read_up_to = gt or 0
        self._buffer: deque[Notification] = deque()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the iteration, also for a thread that waits in it."""
        super().stop()
        self._stopped.set()
        self._watermark.close()

    def __next__(self) -> Notification:
        while not self._stopped.is_set():
            if self._buffer:
                return self._buffer.popleft()
            if not self._fill():
                self._stopped.wait(POLL_SECONDS)
        raise StopIteration

    def _fill(self) -> bool:
        safe = self._watermark.next()
        if safe <= self._read_up_to:
            return False
        self._buffer.extend(
            self._recorder.select_notifications(
                self._read_up_to, _BATCH, safe, self._topics, inclusive_of_start=False
            )
        )
        self._read_up_to = self._buffer[-1].id if len(self._buffer) == _BATCH else safe
        return True
