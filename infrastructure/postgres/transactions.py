"""A transaction that begins as late as it can, and sends what can wait as one statement, often its only one."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

from psycopg import Connection, errors
from psycopg.rows import TupleRow

from application.errors import ConcurrentChange

_RECORDED: Final = "currval('event_store.events_position_seq')"
_HEAD: Final = "(SELECT max(position) FROM event_store.events)"


@dataclass(frozen=True)
class Call:
    """A call of an SQL function that can wait.

    It raises unique_violation where somebody else was faster.
    """

    function: str
    """With placeholders. `{position}` in it becomes the position of the last event that the transaction has
    appended, or the head of the log if it appends none."""
    parameters: tuple[Any, ...]
    answered: Callable[[Any], None] | None = None
    """Called with what the function has returned."""
    appends: bool = False
    """An event, and returns its position."""


class Transaction:
    """On a connection that commits each statement by itself.

    What is only read begins nothing: at READ COMMITTED each statement sees what there is when it begins, in a
    transaction or not.
    """

    def __init__(self, connection: Connection[TupleRow]) -> None:
        self.after_commit: list[Callable[[], None]] = []
        self._connection = connection
        self._end = ExitStack()
        self._begun = False
        self._appends = False
        self._calls: list[Call] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.__exit__(kind, error, trace)

    def lock(self, names: Iterable[UUID]) -> None:
        """Wait for whoever else has named one of these, and have others wait until the transaction's end."""
        for name in sorted(names):
            self.begun().execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(name)])

    def put_off(self, calls: Iterable[Call]) -> None:
        self._calls += calls

    def reading(self) -> Connection[TupleRow]:
        """For questions that lock nothing, after all that was put off."""
        return self.begun() if self._calls else self._connection

    def begun(self) -> Connection[TupleRow]:
        """For everything else. Raises ConcurrentChange."""
        if not self._begun:
            self._end.enter_context(self._connection.transaction())
            self._begun = True
        self.catch_up()
        return self._connection

    def catch_up(self) -> None:
        """Do what was put off, in this order; in a transaction of its own if none has begun."""
        if not self._calls:
            return
        calls, self._calls = self._calls, []
        self._appends = self._appends or any(call.appends for call in calls)
        functions = ", ".join(call.function for call in calls)
        statement = f"SELECT {functions.replace('{position}', _RECORDED if self._appends else _HEAD)}"
        parameters = [parameter for call in calls for parameter in call.parameters]
        try:
            (row,) = self._connection.execute(statement, parameters).fetchall()
        except (errors.UniqueViolation, errors.DeadlockDetected) as error:
            raise ConcurrentChange from error
        for call, value in zip(calls, row, strict=True):
            if call.answered:
                call.answered(value)
