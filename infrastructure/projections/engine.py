"""Keeping a projection's table up to date, live: what the followers run for each projection."""

from collections.abc import Sequence
from typing import Any

import psycopg
import structlog
from psycopg.rows import TupleRow

from application.projections.projection import Projection
from application.recorded import Recorded
from infrastructure.following import checkpoints
from infrastructure.projections import rebuilds
from infrastructure.projections.digesting import Digester
from infrastructure.projections.rows import SHADOW

log = structlog.get_logger()


class Projector:
    """Follows the log for one projection. Its name is the table's, so a new version begins by itself.

    While a rebuild of it is joined, each batch is written to the shadow table too, so that the two can be
    compared and swapped at any moment.
    """

    def __init__(self, projection: Projection[Any]) -> None:
        self.name = projection.table.versioned_name
        self.events: frozenset[str] | None = projection.events
        self._live = Digester(projection)
        self._shadow = Digester(projection, SHADOW)

    def consume(self, connection: psycopg.Connection[TupleRow], batch: Sequence[Recorded]) -> None:
        """Bring the rows to where they are after this batch, in the connection's transaction."""
        # A rebuild joins, and swaps, while it holds the checkpoint: whoever has that sees what is true now.
        checkpoints.hold(connection, self.name)
        joined = rebuilds.joined(connection, self.name)
        self._live.digest(connection, batch)
        if joined:
            self._write_shadow(connection, batch)

    def committed(self) -> None:
        """Nobody needs to be told: queries see the rows."""

    def _write_shadow(self, connection: psycopg.Connection[TupleRow], batch: Sequence[Recorded]) -> None:
        """Nothing that goes wrong there may hold up the table that queries read."""
        try:
            with connection.transaction():
                self._shadow.digest(connection, batch)
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            log.warning("rebuild.broken", read_model=self.name, error=type(error).__name__)
            rebuilds.fail(connection, self.name, type(error).__name__)
