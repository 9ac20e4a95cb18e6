"""Appending to the log and reading streams and notifications from it, as the library's recorders do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DatabaseError,
    IntegrityError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from psycopg_pool import PoolTimeout

from infrastructure.database import Database
from infrastructure.event_store.envelope import Envelope
from infrastructure.event_store.reader import Watermark
from infrastructure.event_store.subscription import GapSafeSubscription

_APPEND_ONE = (
    "SELECT event_store.append_event(%b::uuid, %b::bigint, %s::text, %b::bytea, %b::bytea, %b::uuid)"
)
_APPEND = """
    SELECT event_store.append_events(
        %b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[], %b::uuid[])
"""
_STREAM = """
    SELECT originator_id, originator_version, topic, state FROM event_store.events
    WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s
    ORDER BY originator_version {order} LIMIT %s
"""
_ASCENDING, _DESCENDING = _STREAM.format(order="ASC"), _STREAM.format(order="DESC")
_NOTIFICATIONS = """
    SELECT originator_id, originator_version, topic, state, position FROM event_store.events
    WHERE position >= %s AND position <= %s AND (%s::text[] IS NULL OR topic = ANY(%s))
    ORDER BY position LIMIT %s
"""
_SNAPSHOT = """
    INSERT INTO event_store.snapshots (originator_id, originator_version, topic, state)
    VALUES (%s, %s, %s, %b)
"""
_SNAPSHOTS = {
    desc: statement.replace("event_store.events", "event_store.snapshots")
    for desc, statement in ((False, _ASCENDING), (True, _DESCENDING))
}
_TRACK = """
    INSERT INTO event_store.tracking AS so_far (application_name, notification_id) VALUES (%s, %s)
    ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id
    WHERE so_far.notification_id < excluded.notification_id
"""
_MAX = 2**63 - 1


class PostgresAggregateRecorder(AggregateRecorder):
    """Streams of events. Appending waits for nobody but a writer of the same stream."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append, all or none. Raises IntegrityError when a stream has moved on, or was never there yet."""
        self._append(stored_events)
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
        """Events of one stream in the order of their versions, or from the last one back."""
        parameters = [originator_id, -1 if gt is None else gt, _MAX if lte is None else lte, limit]
        with _translated(), self.database.connection() as connection:
            rows = connection.execute(_DESCENDING if desc else _ASCENDING, parameters).fetchall()
        return [StoredEvent(*row) for row in rows]

    def _append(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        if not stored_events:
            return []
        rows = [_row(event) for event in stored_events]
        with _translated(), self.database.connection() as connection:
            if len(rows) == 1:  # by far the most frequent, and arrays cost both sides their time
                return [position for (position,) in connection.execute(_APPEND_ONE, rows[0])]
            ((positions,),) = connection.execute(
                _APPEND, [list(column) for column in zip(*rows, strict=True)]
            )
        return list(positions)


class PostgresApplicationRecorder(PostgresAggregateRecorder, ApplicationRecorder):
    """Streams and, across them, the log as a sequence of notifications."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append, all or none, and return the positions. Raises IntegrityError as above."""
        return self._append(stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """What is visible now, which may have gaps that fill later: whoever follows uses a Watermark."""
        first = 1 if start is None else start if inclusive_of_start else start + 1
        wanted = list(topics) or None
        parameters = [first, _MAX if stop is None else stop, wanted, wanted, limit]
        with _translated(), self.database.connection() as connection:
            rows = connection.execute(_NOTIFICATIONS, parameters).fetchall()
        return [
            Notification(
                originator_id=originator_id,
                originator_version=version,
                topic=topic,
                state=state,
                id=position,
            )
            for originator_id, version, topic, state, position in rows
        ]

    def max_notification_id(self) -> int | None:
        """The largest position, or None while the log is empty."""
        with _translated():
            row = self.database.one("SELECT max(position) FROM event_store.events")
        return row[0] if row else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Everything after `gt`, for ever, without a gap."""
        return GapSafeSubscription(self, Watermark(self.database.url), gt, topics)


class PostgresSnapshotRecorder(AggregateRecorder):
    """Snapshots of the library's applications: aggregates at some of their versions."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Keep them, all or none. Raises IntegrityError for a version that is kept already."""
        rows = [_row(event)[:4] for event in stored_events]
        with _translated(), self.database.transaction(), self.database.connection() as connection:
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
        parameters = [originator_id, -1 if gt is None else gt, _MAX if lte is None else lte, limit]
        with _translated(), self.database.connection() as connection:
            rows = connection.execute(_SNAPSHOTS[desc], parameters).fetchall()
        return [StoredEvent(*row) for row in rows]


class PostgresTrackingRecorder(TrackingRecorder):
    """How far somebody has come who processes the notifications of other applications."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert_tracking(self, tracking: Tracking) -> None:
        """Go on to this notification. Raises IntegrityError for one that is not after the last."""
        with _translated():
            if not self.database.execute(_TRACK, [tracking.application_name, tracking.notification_id]):
                raise IntegrityError(f"{tracking} was processed before")

    def max_tracking_id(self, application_name: str) -> int | None:
        """The last notification of that application, or None before the first."""
        with _translated():
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
            return self._append(stored_events)
        with _translated(), self.database.transaction():
            self.insert_tracking(tracking)
            return self._append(stored_events)


def _row(event: StoredEvent) -> tuple[UUID, int, str, bytes, bytes, UUID | None]:
    stream_id = event.originator_id
    return (
        stream_id if isinstance(stream_id, UUID) else UUID(stream_id),
        event.originator_version,
        event.topic,
        event.state,
        event.metadata if isinstance(event, Envelope) else b"",
        event.owner if isinstance(event, Envelope) else None,
    )


@contextmanager
def _translated() -> Iterator[None]:
    """The library's errors for the driver's."""
    try:
        yield
    except (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected) as error:
        raise IntegrityError(str(error)) from error
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise OperationalError(str(error)) from error
    except psycopg.DatabaseError as error:
        raise DatabaseError(str(error)) from error
