"""What can follow the log: whatever keeps its work in the transaction that moves its checkpoint."""

from collections.abc import Sequence
from typing import Protocol

from psycopg import Connection
from psycopg.rows import TupleRow

from application.recorded import Recorded


class Consumer(Protocol):
    @property
    def name(self) -> str:
        """Its checkpoint's name. At any time one process works for it, however many run it."""
        ...

    @property
    def events(self) -> frozenset[str] | None:
        """The names of the events that it wants, or None for all."""
        ...

    def consume(self, connection: Connection[TupleRow], batch: Sequence[Recorded]) -> None:
        """Do what these events ask for, in the connection's transaction, which is kept whole or not at all.

        The batch has at least one event, in the order of their positions. After an error it comes again.
        """
        ...

    def committed(self) -> None:
        """What was consumed is kept; tell whoever waits for it. After a crash this may never be called."""
        ...
