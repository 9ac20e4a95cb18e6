"""What processes the notifications of other applications: how far it has come, and with which events."""

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import (
    IntegrityError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)

from infrastructure.event_store.recorder import PostgresApplicationRecorder, translated
from infrastructure.postgres.database import Database

_TRACK = """
    INSERT INTO event_store.tracking AS so_far (application_name, notification_id) VALUES (%s, %s)
    ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id
    WHERE so_far.notification_id < excluded.notification_id
"""


class PostgresTrackingRecorder(TrackingRecorder):
    """How far somebody has come who processes the notifications of other applications."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert_tracking(self, tracking: Tracking) -> None:
        """Go on to this notification. Raises IntegrityError for one that is not after the last."""
        with translated():
            if not self.database.execute(_TRACK, [tracking.application_name, tracking.notification_id]):
                raise IntegrityError(f"{tracking} was processed before")

    def max_tracking_id(self, application_name: str) -> int | None:
        """The last notification of that application, or None before the first."""
        with translated():
            row = self.database.one(
                "SELECT notification_id FROM event_store.tracking WHERE application_name = %s",
                [application_name],
            )
        return row[0] if row else None


class PostgresProcessRecorder(PostgresTrackingRecorder, PostgresApplicationRecorder, ProcessRecorder):
    """Events and, in the same transaction, which notification they come from."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], tracking: Tracking | None = None, **_: Any
    ) -> Sequence[int] | None:
        """Append and go on, or neither. Raises IntegrityError as both do."""
        if tracking is None:
            return self.append(stored_events)
        with translated(), self.database.transaction():
            self.insert_tracking(tracking)
            return self.append(stored_events)
