"""A user's credits: the lots they lie in, and every movement that made them so; now, or as of any moment."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from application.projections.credit_lots import PRESENT
from domain.lots import Source
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement


class LotRow(Struct, frozen=True):
    """One grant. Past its expiry its credits count as expired, even before that is recorded."""

    lot_id: UUID
    source: str
    granted: int
    available: int
    held: int
    frozen: int
    spent: int
    expired: int
    taken_back: int
    debt: int
    expires_at: datetime | None
    granted_at: datetime
    reference: str
    restores: UUID | None


class MovementRow(Struct, frozen=True):
    version: int
    kind: str
    change: int
    granted: int
    available: int
    held: int
    frozen: int
    spent: int
    expired: int
    taken_back: int
    debt: int
    credits: int
    delivered: int
    returned: int
    taken: int
    awaited: int
    owed: int
    source: str | None
    lot_id: UUID | None
    job_id: UUID | None
    reference: str | None
    recorded_at: datetime
    position: int


# Each lot's state is found by its key, however many states it has had since.
_LOTS = statement("""
    SELECT lots.lot_id, lots.source, lots.granted,
           CASE WHEN past.expiry THEN 0 ELSE lots.available END AS available,
           lots.held,
           CASE WHEN past.expiry THEN 0 ELSE lots.frozen END AS frozen,
           lots.spent,
           lots.expired + CASE WHEN past.expiry THEN lots.available + lots.frozen ELSE 0 END AS expired,
           lots.taken_back, lots.debt, lots.expires_at, lots.granted_at, lots.reference, lots.restores
    FROM {credit_lots} AS present
    CROSS JOIN LATERAL (
        SELECT * FROM {credit_lots} AS states
        WHERE states.lot_id = present.lot_id AND states.until > %(position)s
        ORDER BY states.until LIMIT 1
    ) AS lots
    CROSS JOIN LATERAL (
        SELECT coalesce(lots.expires_at <= coalesce(%(at)s, clock_timestamp()), false) AS expiry
    ) AS past
    WHERE present.user_id = %(user_id)s AND present.until = 9223372036854775807
      AND lots.since <= %(position)s
    ORDER BY lots.expires_at NULLS LAST, array_position(%(sources)s::text[], lots.source),
             lots.granted_at, lots.lot_id
""")

_MOVEMENTS = statement("""
    SELECT movements.version, movements.kind, movements.change, movements.granted, movements.available,
           movements.held, movements.frozen, movements.spent, movements.expired, movements.taken_back,
           movements.debt, movements.credits, movements.delivered, movements.returned, movements.taken,
           movements.awaited, movements.owed, movements.source, movements.lot_id, movements.job_id,
           movements.reference, movements.recorded_at, movements.position
    FROM {statement} AS movements
    WHERE movements.user_id = %(user_id)s AND movements.version < %(before)s
    ORDER BY movements.version DESC LIMIT %(limit)s
""")


async def lots(
    reader: Reader, user_id: UUID, *, position: int = PRESENT - 1, at: datetime | None = None
) -> list[LotRow]:
    """In the order in which they burn; as they were at a position in the log and a moment, or as they are."""
    parameters = {"user_id": user_id, "sources": list(Source), "position": position, "at": at}
    return await reader.rows(LotRow, _LOTS, parameters)


async def movements(reader: Reader, user_id: UUID, *, before: int, limit: int) -> list[MovementRow]:
    """The movements before a version of the ledger, newest first."""
    return await reader.rows(MovementRow, _MOVEMENTS, {"user_id": user_id, "before": before, "limit": limit})
