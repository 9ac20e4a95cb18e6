"""The log as a person at a terminal reads it: followed, by stream, and whole."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow, class_row

from application.recorded import Recorded
from infrastructure.event_store.log_rows import EXPORTED, export_line
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import LogReader, Watermark
from infrastructure.queries.history import STREAM, AsOf, HistoryRow, parameters

_POLL = 0.2
"""Seconds between two looks at a log in which nothing is new."""
_BATCH = 1000
_LINES = f"SELECT {EXPORTED} FROM event_store.events WHERE position > %s AND position <= %s ORDER BY position"  # noqa: S608 - constant


class Log:
    """Needs a direct address, as followers do. Never reads past the gap-safe position."""

    def __init__(self, direct_url: str, mapper: EventMapper) -> None:
        self._url = direct_url
        self._mapper = mapper

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[TupleRow]]:
        with psycopg.connect(self._url, autocommit=True, application_name="events") as connection:
            connection.execute("SET transaction_timeout = 0")  # reading the whole log takes its time
            yield connection

    def follow(self, after: int | None, limit: int | None) -> Iterator[Recorded]:
        """Events after this position (the end, for None) as they come in; without a limit, for ever."""
        reader = LogReader(self._mapper)
        told = 0
        with self.connected() as connection, self._watermark() as watermark:
            position = watermark.next() if after is None else after
            while limit is None or told < limit:
                safe = watermark.next()
                wanted = _BATCH if limit is None else min(_BATCH, limit - told)
                batch = reader.read(connection, after=position, upto=safe, limit=wanted)
                yield from batch
                told += len(batch)
                position = batch[-1].position if len(batch) == wanted else max(position, safe)
                if not batch:
                    time.sleep(_POLL)

    def stream(self, stream_id: UUID, as_of: AsOf) -> list[HistoryRow]:
        """As queries.history.history."""
        with self.connected() as connection, connection.cursor(row_factory=class_row(HistoryRow)) as rows:
            return rows.execute(STREAM, parameters(stream_id, as_of)).fetchall()

    def lines(self, after: int, upto: int | None) -> Iterator[bytes]:
        """All events between as lines of JSON, in the order of their positions."""
        with self.connected() as connection, self._watermark() as watermark:
            safe = watermark.next()
            bounds = [after, safe if upto is None else min(upto, safe)]
            with connection.transaction(), connection.cursor("export") as rows:
                rows.itersize = _BATCH
                rows.execute(_LINES, bounds)
                yield from map(export_line, rows)

    @contextmanager
    def _watermark(self) -> Iterator[Watermark]:
        watermark = Watermark(self._url)
        try:
            yield watermark
        finally:
            watermark.close()
