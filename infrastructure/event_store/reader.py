"""Reading the whole log without ever missing an event, although transactions commit out of order.

Positions are drawn before transactions commit, so a position may become visible after a larger one. Every
writer takes its transaction id before it draws a position. The watermark therefore looks at the last
position drawn, then takes a transaction id of its own, and waits until every older transaction is over:
from then on, each position up to the one it looked at is either visible or will never exist.
"""

import threading
import time
from collections.abc import Sequence

import psycopg
from psycopg.rows import TupleRow

from application.recorded import Recorded
from infrastructure.event_store.mapper import EventMapper
from infrastructure.postgres.connecting import bounded

COLUMNS = "position, originator_id, originator_version, topic, state, metadata, owner, recorded_at"

_DRAWN = (
    "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM event_store.events_position_seq"
)
_OVER = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > %s::text::xid8"
_READ = f"""
    SELECT {COLUMNS} FROM event_store.events
    WHERE position > %s AND position <= %s ORDER BY position LIMIT %s
"""  # noqa: S608 - constant
_READ_NAMED = f"""
    SELECT {COLUMNS} FROM event_store.events
    WHERE position > %s AND position <= %s AND topic = ANY(%s) ORDER BY position LIMIT %s
"""  # noqa: S608 - constant

_READ_AT = f"""
    SELECT {COLUMNS} FROM event_store.events WHERE position = ANY(%s) ORDER BY position
"""  # noqa: S608 - constant

_FAREWELL = 2.0
"""Seconds for which the end waits for a look that has begun."""


class Watermark:
    """How far the log can be read without a gap. One serves all followers of a process.

    It has a connection of its own in which each statement commits by itself: inside a follower's transaction
    it would wait for that very transaction.
    """

    def __init__(self, direct_url: str) -> None:
        self._url = direct_url
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._connection: psycopg.Connection[TupleRow] | None = None
        self._position = 0
        self.held_back = False
        """Whether the last look ended before all older transactions did."""

    def next(self, patience: float = 1.0) -> int:
        """The newest gap-safe position; 0 while the log is empty.

        Waits for transactions that could still write below it, `patience` seconds at the most, then answers
        with the last position known to be safe. Raises psycopg.OperationalError while the database is away;
        the call after that connects again.
        """
        with self._lock:
            try:
                return self._next(self._connected(), time.monotonic() + patience)
            except psycopg.Error:
                self._disconnect()
                raise
            finally:
                if self._closed.is_set():
                    self._disconnect()

    def close(self) -> None:
        """Stop waiting and disconnect; a look that the server keeps waiting does so when it ends."""
        self._closed.set()
        if self._lock.acquire(timeout=_FAREWELL):
            try:
                self._disconnect()
            finally:
                self._lock.release()

    def _next(self, connection: psycopg.Connection[TupleRow], deadline: float) -> int:
        ((drawn,),) = connection.execute(_DRAWN).fetchall()
        self.held_back = False
        if drawn == self._position:
            return self._position
        ((own,),) = connection.execute("SELECT pg_current_xact_id()::text").fetchall()
        pause = 0.0005
        while not connection.execute(_OVER, [own]).fetchall()[0][0]:
            if time.monotonic() > deadline or self._closed.wait(pause):
                self.held_back = True
                return self._position
            pause = min(pause * 2, 0.02)
        self._position = drawn
        return self._position

    def _connected(self) -> psycopg.Connection[TupleRow]:
        if self._connection is None:
            # What an earlier connection knew is forgotten: after a crash of the server the sequence can come
            # back lower, and positions that were given up before would be drawn again.
            self._position = 0
            self._connection = psycopg.connect(
                bounded(self._url, application_name="watermark"), autocommit=True
            )
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class LogReader:
    """Reads batches of the log as recorded events."""

    def __init__(self, mapper: EventMapper) -> None:
        self._mapper = mapper

    def read(
        self,
        connection: psycopg.Connection[TupleRow],
        *,
        after: int,
        upto: int,
        names: frozenset[str] | None = None,
        limit: int = 1000,
    ) -> list[Recorded]:
        """Events with `after` < position <= `upto`, in order; only those of these names, if any are given.

        `upto` comes from a Watermark. Fewer than `limit` means that there are no more up to it.
        """
        if names is None:
            rows = connection.execute(_READ, [after, upto, limit])
        else:
            rows = connection.execute(_READ_NAMED, [after, upto, sorted(names), limit])
        return [self._mapper.recorded(*row) for row in rows]

    def at(self, connection: psycopg.Connection[TupleRow], positions: Sequence[int]) -> list[Recorded]:
        """The events at these positions, in order."""
        return [self._mapper.recorded(*row) for row in connection.execute(_READ_AT, [list(positions)])]
