"""Keeping a projection's table up to date: the one place where folds meet the database."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from application.projections.fold import fold, keys
from application.projections.projection import Projection
from application.recorded import Recorded
from infrastructure.projections.rows import StoredRows


class Projector:
    """Follows the log for one projection. Its name is the table's, so a new version begins by itself."""

    def __init__(self, projection: Projection[Any], stored: StoredRows | None = None) -> None:
        """`stored` is another place for the rows than the table that queries read."""
        self.name = projection.table.versioned_name
        self.events: frozenset[str] | None = projection.events
        self._projection = projection
        self._stored = stored or StoredRows(projection.table)

    def consume(self, connection: Connection[TupleRow], batch: Sequence[Recorded]) -> None:
        """Bring the rows to where they are after this batch, in the connection's transaction."""
        before = self._stored.load(connection, keys(self._projection, batch))
        rows = dict(before)
        changed = fold(self._projection, rows, batch)
        self._stored.replace(
            connection,
            gone=[key for key in changed if key in before],
            rows=[rows[key] for key in changed if key in rows],
        )

    def committed(self) -> None:
        """Nobody needs to be told: queries see the rows."""
