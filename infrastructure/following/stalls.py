"""Who holds all followers back: transactions that have an id and do not end, prepared ones too."""

import time
from datetime import datetime
from math import inf

import psycopg
import structlog
from msgspec import Struct, to_builtins
from psycopg.rows import TupleRow, class_row

PATIENCE = 5.0
"""Seconds that a transaction may take before it is told of; ours take milliseconds."""
_AGAIN = 30.0
"""Seconds between two lines about the same stall."""

log = structlog.get_logger()

# Whoever has a transaction id holds a lock on it, which everybody may see; its query and age are shown to its
# own role, and to members of pg_read_all_stats.
_HOLDERS = """
    SELECT locks.pid, prepared.gid AS prepared, activity.application_name,
           coalesce(activity.usename, prepared.owner)::text AS role, left(activity.query, 300) AS query,
           coalesce(prepared.prepared, activity.xact_start) AS began_at,
           coalesce(extract(epoch FROM clock_timestamp() - coalesce(prepared.prepared, activity.xact_start)), 0)
               ::float8 AS seconds
    FROM pg_locks AS locks
    LEFT JOIN pg_stat_activity AS activity USING (pid)
    LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = locks.transactionid AND locks.pid IS NULL
    WHERE locks.locktype = 'transactionid' AND locks.mode = 'ExclusiveLock' AND locks.granted
      AND locks.pid IS DISTINCT FROM pg_backend_pid()
    ORDER BY seconds DESC
"""


class Holder(Struct, frozen=True):
    """A transaction; what it appended, and what others did after it, no follower reads before it ends."""

    pid: int | None
    """None for a prepared transaction, which has no process any more."""
    prepared: str | None
    """Its name, if it is prepared: COMMIT PREPARED or ROLLBACK PREPARED ends it."""
    application_name: str | None
    role: str | None
    query: str | None
    """What it does now, or did last; None if it belongs to a role whose queries we may not see."""
    began_at: datetime | None
    seconds: float
    """Its age; 0 if that cannot be seen."""


def holders(connection: psycopg.Connection[TupleRow], *, older_than: float = PATIENCE) -> list[Holder]:
    """The oldest first. One whose age cannot be seen is told of, too."""
    with connection.cursor(row_factory=class_row(Holder)) as rows:
        found = rows.execute(_HOLDERS).fetchall()
    return [one for one in found if one.seconds >= older_than or one.began_at is None]


class StallAlarm:
    """Says who holds the followers back, once it takes long, and again now and then while it lasts."""

    def __init__(self, direct_url: str, *, patience: float = PATIENCE) -> None:
        self._url = direct_url
        self._patience = patience
        self._since: float | None = None
        self._said = -inf

    @property
    def seconds(self) -> float:
        """For how long they have been held back; 0 if they are not."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def look(self, *, held_back: bool) -> None:
        """Called after each look at the log. Raises psycopg.OperationalError while the database is away."""
        if not held_back:
            if self._said > -inf:
                log.info("follower.goes_on", after_s=round(self.seconds, 1))
            self._since, self._said = None, -inf
            return
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since >= self._patience and now - self._said >= _AGAIN:
            self._said = now
            with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                for holder in holders(connection, older_than=self._patience)[:3]:
                    log.warning("follower.stalled", **to_builtins(holder))
