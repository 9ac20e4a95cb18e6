"""Read models as operators see them: how far each is, who leads it, what it lacks, whether it is rebuilt."""

from collections.abc import Mapping

import psycopg
from msgspec import Struct
from psycopg.rows import TupleRow

from infrastructure.following.lags import Lag, lags
from infrastructure.projections import rebuilds

_PARKED = (
    "SELECT read_model, count(*) FROM stage.parked_events WHERE place = 'read_models' GROUP BY read_model"
)


class ReadModel(Struct, frozen=True):
    name: str
    position: int
    """Everything at or below it is in its rows."""
    behind_events: int
    """Events that it wants and does not have yet."""
    behind_seconds: float
    """For how long the oldest of them has been recorded."""
    leader: int | None
    """The server's process that writes it; None when nobody follows."""
    parked: int
    """Events that it could not digest, or that wait for one it could not."""
    rebuild: str | None
    """What its rebuild is doing; None when there is none."""
    differences: int | None
    """Rows that differ between it and its rebuilt table, once they were compared."""


def read_models(
    connection: psycopg.Connection[TupleRow], followers: Mapping[str, frozenset[str] | None]
) -> list[ReadModel]:
    """Those of these followers, in their order."""
    parked: dict[str, int] = dict(connection.execute(_PARKED).fetchall())
    begun = {one.read_model: one for one in rebuilds.every(connection)}
    return [_read_model(lag, parked.get(lag.follower, 0), begun) for lag in lags(connection, followers)]


def _read_model(lag: Lag, parked: int, begun: Mapping[str, rebuilds.Begun]) -> ReadModel:
    rebuild = begun.get(lag.follower)
    return ReadModel(
        lag.follower,
        lag.position,
        lag.events,
        lag.seconds,
        lag.leader,
        parked,
        rebuild.step if rebuild else None,
        rebuild.differences if rebuild else None,
    )
