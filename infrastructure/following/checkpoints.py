"""How far each follower has come: moved together with its work, and waited for by queries."""

import asyncio
import time
from collections.abc import Collection

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.025
"""In seconds."""


class CheckpointMoved(Exception):
    """Somebody else moved the checkpoint, so this follower's work on the batch must not be kept."""

    def __init__(self, follower: str, expected: int) -> None:
        super().__init__(follower, expected)
        self.follower, self.expected = follower, expected


def position_of(connection: Connection[TupleRow], follower: str) -> int | None:
    """Everything at or below this position is done; None for a follower that never began."""
    row = connection.execute(
        "SELECT position FROM stage.checkpoints WHERE follower = %s", [follower]
    ).fetchone()
    return row[0] if row else None


def begin(connection: Connection[TupleRow], follower: str) -> None:
    """A follower that never began is at the log's beginning; any other stays where it is."""
    connection.execute(
        "INSERT INTO stage.checkpoints (follower, position) VALUES (%s, 0) ON CONFLICT DO NOTHING", [follower]
    )


def hold(connection: Connection[TupleRow], follower: str) -> int | None:
    """The same, and nobody else moves it before the connection's transaction is over."""
    row = connection.execute(
        "SELECT position FROM stage.checkpoints WHERE follower = %s FOR UPDATE", [follower]
    ).fetchone()
    return row[0] if row else None


def move(connection: Connection[TupleRow], follower: str, *, expected: int, position: int) -> None:
    """Everything up to `position` is done. Raises CheckpointMoved if it is not where it is `expected`."""
    moved = connection.execute(
        """
        UPDATE stage.checkpoints SET position = %s, updated_at = clock_timestamp()
        WHERE follower = %s AND position = %s
        """,
        [position, follower, expected],
    )
    if moved.rowcount != 1:
        raise CheckpointMoved(follower, expected)


def set_forward(connection: Connection[TupleRow], follower: str, position: int) -> None:
    """Everything up to `position` was done by somebody else; one that is farther already stays there."""
    connection.execute(
        """
        INSERT INTO stage.checkpoints (follower, position) VALUES (%s, %s)
        ON CONFLICT (follower) DO UPDATE SET position = excluded.position, updated_at = clock_timestamp()
        WHERE checkpoints.position < excluded.position
        """,
        [follower, position],
    )


async def wait_until(
    pool: AsyncConnectionPool,
    followers: Collection[str],
    position: int,
    timeout: float,  # noqa: ASYNC109 - the caller wants an answer in time, not an exception
) -> bool:
    """Wait until all these followers have done everything up to `position`; False if `timeout` seconds pass.

    It looks every few milliseconds and keeps no connection meanwhile.
    """
    deadline = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    while not await _reached(pool, followers, position):
        if (left := deadline - time.monotonic()) <= 0:
            return False
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE)
    return True


async def _reached(pool: AsyncConnectionPool, followers: Collection[str], position: int) -> bool:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) FROM stage.checkpoints WHERE follower = ANY(%s) AND position >= %s",
            [sorted(followers), position],
        )
        row = await cursor.fetchone()
    return row is not None and row[0] == len(set(followers))
