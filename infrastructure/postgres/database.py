"""The database as the synchronous adapters use it: a pool, and transactions that all of them join."""

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from infrastructure.postgres.connecting import RECONNECTION, bounded
from infrastructure.postgres.transactions import Call, Transaction

PATIENCE = 5.0
"""Seconds to wait for a free connection; whoever waits longer is told that the database is away."""


class Database:
    """A pool of connections in the role of the application.

    A transaction is bound to the thread or task that began it: whatever asks for a connection inside gets
    that transaction's, so adapters need not hand connections around.
    """

    def __init__(self, url: str, *, size: int = 16) -> None:
        self.url = url
        self._current: ContextVar[Transaction | None] = ContextVar("transaction", default=None)
        self._pool = ConnectionPool(
            bounded(url),
            min_size=1,
            max_size=size,
            open=False,
            kwargs={"autocommit": True, "prepare_threshold": 2},
            check=_check,
            timeout=PATIENCE,
            reconnect_timeout=RECONNECTION,
            reconnect_failed=ConnectionPool.check,
            name="application",
        )

    def open(self) -> None:
        """Begin to connect. The pool keeps trying when the database is away."""
        self._pool.open()

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection[TupleRow]]:
        """The current transaction's connection, or one in which each statement commits by itself."""
        if transaction := self._current.get():
            yield transaction.begun()
            return
        with self._pool.connection() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection[TupleRow]]:
        """The same for questions that lock nothing: a transaction need not begin for them."""
        if transaction := self._current.get():
            yield transaction.reading()
            return
        with self._pool.connection() as connection:
            yield connection

    @contextmanager
    def transaction(self, *locked: UUID) -> Iterator[None]:
        """Keep everything inside together; whoever else names one of the `locked` ids waits for the end.

        Inside another transaction it is that one, which takes the locks, too. Locks are taken in one order, so
        they cannot deadlock, and before anything is written, so that waiting for them holds no follower back.
        Raises ConcurrentChange at its end, when what was put off meets what others did.
        """
        if outer := self._current.get():
            outer.lock(locked)
            yield
            return
        with self._pool.connection() as connection, Transaction(connection) as transaction:
            token = self._current.set(transaction)
            try:
                transaction.lock(locked)
                yield
                transaction.catch_up()
            finally:
                self._current.reset(token)
        for callback in transaction.after_commit:
            callback()

    def put_off(self, *calls: Call) -> None:
        """Have these done before anything else is, or at the end of the transaction, all in one statement.

        Without a transaction that is now. Raises ConcurrentChange.
        """
        if transaction := self._current.get():
            transaction.put_off(calls)
        else:
            with self.transaction():
                self.put_off(*calls)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this once the current transaction is durable, or now if there is none."""
        if transaction := self._current.get():
            transaction.after_commit.append(callback)
        else:
            callback()

    def one(self, statement: str, parameters: Any = None) -> TupleRow | None:
        """The first row that a statement returns, or None."""
        with self.connection() as connection:
            return connection.execute(statement, parameters).fetchone()

    def execute(self, statement: str, parameters: Any = None) -> int:
        """Run a statement that returns nothing; how many rows it touched."""
        with self.connection() as connection:
            return connection.execute(statement, parameters).rowcount

    def now(self) -> datetime:
        """The database's clock, in UTC."""
        with self.reading() as connection:
            (now,) = connection.execute("SELECT clock_timestamp()").fetchall()[0]
        return cast(datetime, now).astimezone(UTC)


def _check(connection: Connection[TupleRow]) -> None:
    """Raise OperationalError for a connection that the server has closed, so that the pool makes another.

    A server that ends closes its sockets, and then there is something to read; only then is it asked whether
    it is still there. Asking it each time would double the time that a short statement takes.
    """
    readable = select.poll()
    readable.register(connection.fileno(), select.POLLIN)
    if readable.poll(0):
        ConnectionPool.check_connection(connection)
