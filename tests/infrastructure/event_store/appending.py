"""Appending bare events, for tests that care about positions and not about what happened."""

from typing import Any
from uuid import UUID

import psycopg


def append(
    connection: psycopg.Connection[Any], *events: tuple[UUID, int], owner: UUID | None = None
) -> list[int]:
    """Append events of these streams and versions in one statement; their positions."""
    ((positions,),) = connection.execute(
        """
        SELECT event_store.append_events(
            %b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[], %b::uuid[])
        """,
        [
            [stream for stream, _ in events],
            [version for _, version in events],
            ["Test.Happened"] * len(events),
            ['{"Grüße":1}'.encode()] * len(events),
            [b""] * len(events),
            [owner] * len(events),
        ],
    ).fetchall()
    return list(positions)
