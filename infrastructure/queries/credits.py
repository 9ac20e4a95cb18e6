"""A user's credits: the lots they lie in, and every movement that made them so."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from domain.lots import Source
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement


class LotRow(Struct, frozen=True):
    """One grant. Past its expiry its credits count as expired, even before that is recorded."""

    lot_id: UUID
    source: str
    credits: int
    available: int
    held: int
    spent: int
    expired: int
    expires_at: datetime | None
    granted_at: datetime


class MovementRow(Struct, frozen=True):
    version: int
    kind: str
    change: int
    available: int
    held: int
    source: str | None
    lot_id: UUID | None
    job_id: UUID | None
    delivered: int
    returned: int
    recorded_at: datetime
    position: int


_LOTS = statement("""
    SELECT lots.lot_id, lots.source, lots.credits,
           CASE WHEN past.expiry THEN 0 ELSE lots.available END AS available,
           lots.held, lots.spent,
           lots.expired + CASE WHEN past.expiry THEN lots.available ELSE 0 END AS expired,
           lots.expires_at, lots.granted_at
    FROM {credit_lots} AS lots
    CROSS JOIN LATERAL (SELECT coalesce(lots.expires_at <= clock_timestamp(), false) AS expiry) AS past
    WHERE lots.user_id = %(user_id)s
    ORDER BY lots.expires_at NULLS LAST, array_position(%(sources)s::text[], lots.source),
             lots.granted_at, lots.lot_id
""")

_MOVEMENTS = statement("""
    SELECT movements.version, movements.kind, movements.change, movements.available, movements.held,
           movements.source, movements.lot_id, movements.job_id, movements.delivered, movements.returned,
           movements.recorded_at, movements.position
    FROM {statement} AS movements
    WHERE movements.user_id = %(user_id)s AND movements.version < %(before)s
    ORDER BY movements.version DESC LIMIT %(limit)s
""")


async def lots(reader: Reader, user_id: UUID) -> list[LotRow]:
    """In the order in which they burn."""
    return await reader.rows(LotRow, _LOTS, {"user_id": user_id, "sources": list(Source)})


async def movements(reader: Reader, user_id: UUID, *, before: int, limit: int) -> list[MovementRow]:
    """The movements before a version of the ledger, newest first."""
    return await reader.rows(MovementRow, _MOVEMENTS, {"user_id": user_id, "before": before, "limit": limit})
