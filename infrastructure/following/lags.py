"""How far each follower is behind, in events that it wants and in seconds, and who leads it."""

from collections.abc import Mapping

import psycopg
from msgspec import Struct
from psycopg.rows import TupleRow

MOST = 100_000
"""Events counted at the most; more is `many` in any case."""

# An advisory lock's number is shown in two halves.
_LAGS = """
    SELECT wanted.follower, coalesce(checkpoints.position, 0) AS position, behind.events,
           coalesce(extract(epoch FROM clock_timestamp() - behind.oldest), 0)::float8 AS seconds, leader.pid AS leader
    FROM (SELECT %(follower)s::text AS follower) AS wanted
    LEFT JOIN stage.checkpoints USING (follower)
    CROSS JOIN LATERAL (
        SELECT count(*) AS events, min(recorded_at) AS oldest
        FROM (SELECT recorded_at FROM event_store.events
              WHERE position > coalesce(checkpoints.position, 0)
                AND (%(names)s::text[] IS NULL OR topic = ANY(%(names)s))
              ORDER BY position LIMIT %(most)s) AS missing) AS behind
    LEFT JOIN LATERAL (
        SELECT pid FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 1
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (classid::bigint << 32) | objid::bigint = hashtextextended('follower ' || wanted.follower, 0)
        LIMIT 1) AS leader ON true
"""


class Lag(Struct, frozen=True):
    follower: str
    position: int
    """Everything at or below it is done."""
    events: int
    """Of those that it wants, how many it has not done, MOST at the most."""
    seconds: float
    """For how long the oldest of them has been recorded; 0 when there is none."""
    leader: int | None
    """The server's process that works for whoever leads it; None when nobody does."""


def lags(
    connection: psycopg.Connection[TupleRow], followers: Mapping[str, frozenset[str] | None]
) -> list[Lag]:
    """Of these followers, by name with the names of the events that each wants (None for all)."""
    found = []
    for follower, names in followers.items():
        ((name, position, events, seconds, leader),) = connection.execute(
            _LAGS, {"follower": follower, "names": None if names is None else sorted(names), "most": MOST}
        ).fetchall()
        found.append(Lag(name, position, events, round(max(0.0, seconds), 3), leader))
    return found
