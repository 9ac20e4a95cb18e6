"""Snapshots of the library's applications: aggregates as they were at some of their versions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, StoredEvent

from infrastructure.event_store.recorder import ASCENDING, DESCENDING, MAX_VERSION, row_of, translated
from infrastructure.postgres.database import Database

_SNAPSHOT = """
    INSERT INTO event_store.snapshots (originator_id, originator_version, topic, state)
    VALUES (%s, %s, %s, %b)
"""
_SNAPSHOTS = {
    desc: statement.replace("event_store.events", "event_store.snapshots")
    for desc, statement in ((False, ASCENDING), (True, DESCENDING))
}


class PostgresSnapshotRecorder(AggregateRecorder):
    """Snapshots of the library's applications: aggregates at some of their versions."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Keep them, all or none. Raises IntegrityError for a version that is kept already."""
        rows = [row_of(event)[:4] for event in stored_events]
        with translated(), self.database.transaction(), self.database.connection() as connection:
            connection.cursor().executemany(_SNAPSHOT, rows)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Snapshots of one aggregate in the order of its versions, or from the last one back."""
        parameters = [originator_id, -1 if gt is None else gt, MAX_VERSION if lte is None else lte, limit]
        with translated(), self.database.connection() as connection:
            rows = connection.execute(_SNAPSHOTS[desc], parameters).fetchall()
        return [StoredEvent(*row) for row in rows]
