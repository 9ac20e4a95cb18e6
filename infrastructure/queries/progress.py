"""How far the read models have come behind the log."""

from msgspec import Struct

from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import READ_MODELS


class Follower(Struct, frozen=True):
    name: str
    behind: int
    """Positions of the log that it has not done yet; gaps count, too."""


_FOLLOWERS = b"""
    SELECT wanted.name, greatest(log.head - coalesce(checkpoints.position, 0), 0) AS behind
    FROM unnest(%(read_models)s::text[]) AS wanted (name)
    LEFT JOIN stage.checkpoints ON checkpoints.follower = wanted.name
    CROSS JOIN (SELECT coalesce(max(position), 0) AS head FROM event_store.events) AS log
    ORDER BY wanted.name
"""


class _Head(Struct, frozen=True):
    position: int


# The sequence knows positions that are drawn and not yet to be seen; a fresh one says 1 before any was drawn.
_HEAD = b"""
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS position FROM event_store.events_position_seq
"""


async def head(reader: Reader) -> int:
    """The last position that was ever given out."""
    found = await reader.row(_Head, _HEAD)
    return found.position if found else 0


async def followers(reader: Reader) -> list[Follower]:
    """Every read model of this release; one that nobody has begun to fill is behind by the whole log."""
    return await reader.rows(Follower, _FOLLOWERS, {"read_models": list(READ_MODELS)})
