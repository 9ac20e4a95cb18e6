"""Appending to the log and reading streams and notifications from it, as the library's recorders do."""

from collections.abc import Callable, Iterator, Sequence
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
    StoredEvent,
    Subscription,
)
from psycopg_pool import PoolTimeout

from infrastructure.event_store.envelope import Envelope
from infrastructure.event_store.reader import Watermark
from infrastructure.event_store.subscription import GapSafeSubscription
from infrastructure.postgres.database import Database
from infrastructure.postgres.transactions import Call

_ONE = "event_store.append_event(%b::uuid, %b::bigint, %s::text, %b::bytea, %b::bytea, %b::uuid)"
_MANY = (
    "event_store.append_events(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[], %b::uuid[])"
)
_FEW = 4
"""Events that are appended one by one, since arrays cost both sides their time."""
_STREAM = """
    SELECT originator_id, originator_version, topic, state FROM event_store.events
    WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s
    ORDER BY originator_version {order} LIMIT %s
"""
ASCENDING, DESCENDING = _STREAM.format(order="ASC"), _STREAM.format(order="DESC")
_NOTIFICATIONS = """
    SELECT originator_id, originator_version, topic, state, position FROM event_store.events
    WHERE position >= %s AND position <= %s AND (%s::text[] IS NULL OR topic = ANY(%s))
    ORDER BY position LIMIT %s
"""
MAX_VERSION = 2**63 - 1


class PostgresAggregateRecorder(AggregateRecorder):
    """Streams of events. Appending waits for nobody but a writer of the same stream."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append, all or none. Raises IntegrityError when a stream has moved on, or was never there yet."""
        self.append(stored_events)
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
        parameters = [originator_id, -1 if gt is None else gt, MAX_VERSION if lte is None else lte, limit]
        with translated(), self.database.connection() as connection:
            rows = connection.execute(DESCENDING if desc else ASCENDING, parameters).fetchall()
        return [StoredEvent(*row) for row in rows]

    def append(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        """As insert_events; the positions."""
        if not stored_events:
            return []
        rows = [row_of(event) for event in stored_events]
        with translated(), self.database.connection() as connection:
            if len(rows) == 1:  # by far the most frequent, and arrays cost both sides their time
                return [position for (position,) in connection.execute(f"SELECT {_ONE}", rows[0])]
            ((positions,),) = connection.execute(f"SELECT {_MANY}", _columns(rows))
        return list(positions)


class PostgresApplicationRecorder(PostgresAggregateRecorder, ApplicationRecorder):
    """Streams and, across them, the log as a sequence of notifications."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append, all or none, and return the positions. Raises IntegrityError as above."""
        return self.append(stored_events)

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
        parameters = [first, MAX_VERSION if stop is None else stop, wanted, wanted, limit]
        with translated(), self.database.connection() as connection:
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
        with translated():
            row = self.database.one("SELECT max(position) FROM event_store.events")
        return row[0] if row else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Everything after `gt`, for ever, without a gap."""
        return GapSafeSubscription(self, Watermark(self.database.url), gt, topics)


def appending(stored_events: Sequence[StoredEvent], appended: Callable[[int], None]) -> list[Call]:
    """What appends these events with a transaction's last statement; `appended` is told the last position."""
    rows = [row_of(event) for event in stored_events]
    if len(rows) <= _FEW:
        return [Call(_ONE, row, appended, appends=True) for row in rows]
    return [Call(_MANY, _columns(rows), lambda positions: appended(positions[-1]), appends=True)]


def row_of(event: StoredEvent) -> tuple[UUID, int, str, bytes, bytes, UUID | None]:
    stream_id = event.originator_id
    return (
        stream_id if isinstance(stream_id, UUID) else UUID(stream_id),
        event.originator_version,
        event.topic,
        event.state,
        event.metadata if isinstance(event, Envelope) else b"",
        event.owner if isinstance(event, Envelope) else None,
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


@contextmanager
def translated() -> Iterator[None]:
    """The library's errors for the driver's."""
    try:
        yield
    except (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected) as error:
        raise IntegrityError(str(error)) from error
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise OperationalError(str(error)) from error
    except psycopg.DatabaseError as error:
        raise DatabaseError(str(error)) from error
