"""Following the log: one process at a time leads a consumer through it, the others stand by."""

import threading
from dataclasses import dataclass

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.event_store.reader import LogReader
from infrastructure.following import checkpoints
from infrastructure.following.consumer import Consumer
from infrastructure.following.lookout import Lookout
from infrastructure.postgres.connecting import bounded

BATCH = 1000
"""Events consumed in one transaction, at the most."""
_STANDBY = 1.0
"""Seconds between a standby's attempts to lead, and between an idle leader's looks whether it still does."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Seconds between attempts after failures; they double."""
_STOP_PATIENCE = 10.0
"""Seconds that the batch in hand may take to end."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Progress:
    """How a follower does, as operators see it."""

    name: str
    leading: bool
    position: int | None
    """Everything at or below it is done; None while that is not known."""
    lag: int | None
    """Positions between it and the end of the log; None while that is not known."""
    error: str | None
    """What failed last and has not succeeded since."""


class Follower:
    """A thread that leads its consumer when nobody else does. Started once, stopped once.

    It leads while it holds an advisory lock on the very connection that it writes with, so whoever lost the
    connection does not lead any more; and the checkpoint only moves from where this leader believes it is.
    """

    def __init__(
        self,
        consumer: Consumer,
        *,
        direct_url: str,
        lookout: Lookout,
        reader: LogReader,
    ) -> None:
        self._consumer = consumer
        self._url = direct_url
        self._lookout = lookout
        self._reader = reader
        self._thread = threading.Thread(target=self._run, name=f"follower {consumer.name}", daemon=True)
        self._stopping = threading.Event()
        self._log = log.bind(follower=consumer.name)
        self._leading = False
        self._position: int | None = None
        self._error: str | None = None
        self._pause = _FIRST_PAUSE

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in hand, if any. Returns at once."""
        self._stopping.set()

    def join(self) -> None:
        """Wait for the end, once the lookout is stopped too."""
        self._thread.join(_STOP_PATIENCE)
        if self._thread.is_alive():
            self._log.warning("follower.stuck")

    @property
    def progress(self) -> Progress:
        position, end = self._position, self._lookout.position
        return Progress(
            name=self._consumer.name,
            leading=self._leading,
            position=position,
            lag=None if position is None or end is None else max(0, end - position),
            error=self._error,
        )

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._connect() as connection:
                    # Nobody waits for the disk: the log's own records precede those of what is made from it,
                    # and rows and checkpoint are one transaction. A crash loses the newest of them whole, and
                    # they are made again.
                    connection.execute("SET synchronous_commit = off")
                    self._attend(connection)
            except psycopg.Error as error:
                self._failed(error)

    def _connect(self) -> Connection[TupleRow]:
        # Bounded, or a network that swallows packets would let somebody believe for long that they still lead.
        url = bounded(self._url, application_name=f"follower {self._consumer.name}")
        return psycopg.connect(url, autocommit=True)

    def _attend(self, connection: Connection[TupleRow]) -> None:
        """Stand by while somebody else leads, then lead, until the connection is lost or this one stopped."""
        while not self._stopping.is_set() and not connection.closed:
            if self._may_lead(connection):
                self._lead(connection)
            else:
                self._position = checkpoints.position_of(connection, self._consumer.name) or 0
                self._succeeded()
                self._stopping.wait(_STANDBY)

    def _may_lead(self, connection: Connection[TupleRow]) -> bool:
        lock = connection.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"follower {self._consumer.name}"]
        )
        return lock.fetchone() == (True,)

    def _lead(self, connection: Connection[TupleRow]) -> None:
        if self._lookout.fresh() is None:
            return
        checkpoints.begin(connection, self._consumer.name)
        self._leading = True
        self._log.info("follower.leads")
        try:
            while not self._stopping.is_set() and not connection.closed:
                self._step(connection)
        finally:
            self._leading = False

    def _step(self, connection: Connection[TupleRow]) -> None:
        """Wait for news and consume a batch of them, from where the table says that this follower is."""
        position = self._position = checkpoints.position_of(connection, self._consumer.name) or 0
        upto = self._lookout.beyond(position, _STANDBY)
        try:
            if upto > position and not self._stopping.is_set():
                self._position = self._advance(connection, position, upto)
        except Exception as error:  # noqa: BLE001 - whatever a consumer raises must not end its follower
            self._failed(error)
        else:
            self._succeeded()

    def _advance(self, connection: Connection[TupleRow], position: int, upto: int) -> int:
        """Consume the next batch at or below `upto`; how far that went."""
        batch = self._reader.read(
            connection, after=position, upto=upto, names=self._consumer.events, limit=BATCH
        )
        reached = batch[-1].position if len(batch) == BATCH else upto
        with connection.transaction():
            if batch:
                self._consumer.consume(connection, batch)
            checkpoints.move(connection, self._consumer.name, expected=position, position=reached)
        if batch:
            self._consumer.committed()
        return reached

    def _succeeded(self) -> None:
        self._error = None
        self._pause = _FIRST_PAUSE

    def _failed(self, error: Exception) -> None:
        """Say so, once for the same error, and pause before the next attempt."""
        said = f"{type(error).__name__}: {error}"
        if said != self._error:
            away = isinstance(error, psycopg.OperationalError)
            self._log.warning(
                "follower.failed", position=self._position, error=said, exc_info=None if away else error
            )
        self._error = said
        self._stopping.wait(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
