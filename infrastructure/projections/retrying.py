"""Folding parked events after all, in their order, once the projection can digest them."""

from typing import Any, NamedTuple

import psycopg
from psycopg.rows import TupleRow

from application.projections.projection import Projection
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import LogReader
from infrastructure.following import checkpoints
from infrastructure.projections import parking
from infrastructure.projections.digesting import Digester
from infrastructure.projections.rows import READ_MODELS
from infrastructure.projections.streams import NoKeys

BATCH = 500
"""Events retried in one transaction."""


class Retried(NamedTuple):
    folded: int
    left: int
    """Still parked."""


def retry(
    connection: psycopg.Connection[TupleRow], projection: Projection[Any], *, limit: int = BATCH
) -> Retried:
    """Fold what is parked for this read model, as far as that is possible now.

    Its follower goes on in between, and parks what touches the same rows as long as anything of them is left.
    """
    name = projection.table.versioned_name
    digester = Digester(projection)
    reader = LogReader(EventMapper(NoKeys()))
    folded, after = 0, 0
    blocked: set[str] = set()
    while True:
        with connection.transaction():
            checkpoints.hold(connection, name)
            positions = parking.positions(connection, name, READ_MODELS, after=after, limit=limit)
            if not positions:
                break
            batch = reader.at(connection, positions)
            left = digester.fold(connection, batch, blocked)
            parking.release(connection, name, READ_MODELS, positions)
            parking.park(connection, name, READ_MODELS, left)
            folded += len(batch) - len(left)
            after = positions[-1]
    return Retried(folded, len(parking.positions(connection, name, READ_MODELS, after=0, limit=1_000_000)))
