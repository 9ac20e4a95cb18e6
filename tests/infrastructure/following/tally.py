"""A consumer that notes every position it consumes, once: a second note of the same would be refused."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg.rows import TupleRow

from application.recorded import Recorded
from domain.personal import Personal
from domain.user import User
from infrastructure.following.consumer import Consumer
from infrastructure.following.follower import Progress
from infrastructure.following.following import Following
from tests.infrastructure.projections.parts import Parts, connected

PATIENCE = 20.0
"""Seconds until a test gives up; nothing takes nearly that long."""

Connection = psycopg.Connection[TupleRow]


class Tally:
    """`at` is called before and after its work and once that is kept, with its server process."""

    def __init__(
        self,
        app_url: str,
        name: str = "tally",
        events: frozenset[str] | None = None,
        at: Callable[[str, int], None] = lambda _moment, _pid: None,
    ) -> None:
        self.name, self.events = name, events
        self.pid = 0
        """Of the server process that it worked with last."""
        self.batches: list[int] = []
        """How many events came at a time."""
        self._url = app_url
        self._at = at

    def consume(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        self.pid = connection.info.backend_pid
        self._at("before", self.pid)
        self.batches.append(len(batch))
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO read_models.tally VALUES (%s, %s)",
                [(self.name, recorded.position) for recorded in batch],
            )
        self._at("after", self.pid)

    def committed(self) -> None:
        self._at("kept", self.pid)

    @property
    def positions(self) -> list[int]:
        """What it has consumed and kept."""
        with connected(self._url) as connection:
            rows = connection.execute(
                "SELECT position FROM read_models.tally WHERE consumer = %s ORDER BY position", [self.name]
            ).fetchall()
        return [position for (position,) in rows]


def prepare(app_url: str) -> None:
    """The table in which tallies note."""
    with connected(app_url) as connection:
        connection.execute(
            """
            CREATE TABLE read_models.tally (
                consumer text, position bigint, PRIMARY KEY (consumer, position))
            """
        )


@contextmanager
def prepared(app_url: str) -> Iterator[None]:
    """The same for as long as the block lasts: without it, the next test can use the database again."""
    prepare(app_url)
    yield
    with connected(app_url) as connection:
        connection.execute("DROP TABLE read_models.tally")


def append(parts: Parts, events: int = 1) -> list[int]:
    """That many events in one transaction; their positions."""
    user = User.register(uuid4(), email=Personal("ada@example.com"), name=Personal("Ada"), claim_id=uuid4())
    for _ in range(events - 1):
        user.change_password()
    parts.store.save(user)
    return [recorded.position for recorded in parts.log() if recorded.stream_id == user.id]


@contextmanager
def following(
    parts: Parts,
    app_url: str,
    redis_url: str,
    *consumers: Consumer,
) -> Iterator[Following]:
    """All of them, as one process would."""
    process = Following(
        direct_url=app_url,
        redis_url=redis_url,
        reader=parts.reader,
        consumers=consumers,
    )
    process.start()
    try:
        yield process
    finally:
        process.stop()


def of(process: Following, name: str) -> Progress:
    return next(progress for progress in process.progress if progress.name == name)


def until(condition: Callable[[], bool]) -> None:
    """Wait for it, or fail."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def terminate(superuser_url: str, pid: int) -> None:
    """End a connection from the server's side, in the middle of whatever it does."""
    with connected(superuser_url) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
