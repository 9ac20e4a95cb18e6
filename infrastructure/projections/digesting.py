"""Folding a batch into a table: the rows it needs are loaded, folded and written, in one transaction."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from application.projections.fold import Parked, digest, keys, parked
from application.projections.projection import Projection
from application.recorded import Recorded
from infrastructure.projections import parking
from infrastructure.projections.columns import ClearText
from infrastructure.projections.rows import READ_MODELS, StoredRows

INDIGESTIBLE = (psycopg.DataError, psycopg.IntegrityError, ClearText)
"""What a table raises when rows are not as they should be; all else is the database's own trouble."""


class Digester:
    """One projection and one table of its shape: the one that queries read, or its shadow."""

    def __init__(self, projection: Projection[Any], place: str = READ_MODELS) -> None:
        self.read_model = projection.table.versioned_name
        self.place = place
        self._projection = projection
        self._stored = StoredRows(projection.table, place)

    def digest(self, connection: psycopg.Connection[TupleRow], batch: Sequence[Recorded]) -> None:
        """Bring the rows to where they are after this batch, and park what cannot be folded."""
        blocked = parking.blocked(connection, self.read_model, self.place)
        parking.park(connection, self.read_model, self.place, self.fold(connection, batch, blocked))

    def fold(
        self, connection: psycopg.Connection[TupleRow], batch: Sequence[Recorded], blocked: set[str]
    ) -> list[Parked]:
        """The same, but what could not be folded is returned. `blocked` grows with it.

        When the table refuses the rows, each half of the batch is tried alone, down to the one at fault.
        """
        before = frozenset(blocked)
        try:
            with connection.transaction():
                return self._fold(connection, batch, blocked)
        except INDIGESTIBLE as error:
            blocked.clear()
            blocked |= before
            if len(batch) == 1:
                left_out = parked(self._projection, batch[0], error)
                blocked |= left_out.keys
                return [left_out]
        middle = len(batch) // 2
        return [
            *self.fold(connection, batch[:middle], blocked),
            *self.fold(connection, batch[middle:], blocked),
        ]

    def _fold(
        self, connection: psycopg.Connection[TupleRow], batch: Sequence[Recorded], blocked: set[str]
    ) -> list[Parked]:
        before = self._stored.load(connection, keys(self._projection, batch))
        rows = dict(before)
        changed, left_out = digest(self._projection, rows, batch, blocked)
        self._stored.replace(
            connection,
            gone=[key for key in changed if key in before],
            rows=[rows[key] for key in changed if key in rows],
        )
        return left_out
