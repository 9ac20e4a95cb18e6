"""All followers of one process, with what they share: the lookout and the ear on Redis."""

from collections.abc import Iterable

from infrastructure.event_store.reader import LogReader, Watermark
from infrastructure.following.consumer import Consumer
from infrastructure.following.follower import Follower, Progress
from infrastructure.following.listener import Listener
from infrastructure.following.lookout import Lookout
from infrastructure.following.stalls import StallAlarm


class Following:
    """Started once, stopped once. It needs a direct address: a pooler breaks the locks by which one leads."""

    def __init__(
        self,
        *,
        direct_url: str,
        redis_url: str,
        reader: LogReader,
        consumers: Iterable[Consumer],
    ) -> None:
        """A consumer that never began yet does so at the log's beginning."""
        self._alarm = StallAlarm(direct_url)
        self._lookout = Lookout(Watermark(direct_url), self._alarm)
        self._listener = Listener(redis_url, self._lookout.wake)
        self._followers = [
            Follower(consumer, direct_url=direct_url, lookout=self._lookout, reader=reader)
            for consumer in consumers
        ]

    def start(self) -> None:
        """Begin to follow. Whatever is away is waited for."""
        self._lookout.start()
        self._listener.start()
        for follower in self._followers:
            follower.start()

    def stop(self) -> None:
        """End all after the batch that each has in hand."""
        for follower in self._followers:
            follower.stop()
        self._lookout.stop()
        self._listener.stop()
        for follower in self._followers:
            follower.join()

    @property
    def progress(self) -> list[Progress]:
        return [follower.progress for follower in self._followers]

    @property
    def woken(self) -> bool:
        """Whether it hears at once of what is appended; otherwise it looks a few times a second."""
        return self._listener.hears

    @property
    def held_back(self) -> float:
        """Seconds for which a transaction that does not end has held all followers back; 0 if none does."""
        return self._alarm.seconds
