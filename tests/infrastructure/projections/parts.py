"""A log on a test's own database: the store that appends to it, and the reader that followers use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from application.recorded import Recorded
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import LogReader
from infrastructure.event_store.store import EventSourcedStore
from infrastructure.postgres.database import Database

MASTER_KEY = bytes(range(32))
END = 2**62
"""A position beyond every event."""


@dataclass(frozen=True)
class Parts:
    database: Database
    store: EventSourcedStore
    reader: LogReader

    def log(self) -> list[Recorded]:
        """All of it, sealed as it is stored."""
        with self.database.connection() as connection:
            return self.reader.read(connection, after=0, upto=END, limit=END)


def _nobody() -> None:
    """Called after each commit."""


@contextmanager
def parts(app_url: str, on_commit: Callable[[], None] = _nobody) -> Iterator[Parts]:
    database = Database(app_url, size=4)
    database.open()
    try:
        mapper = EventMapper(Keyring(database, MASTER_KEY))
        yield Parts(database, EventSourcedStore(database, mapper, on_commit), LogReader(mapper))
    finally:
        database.close()


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
