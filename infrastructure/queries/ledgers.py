"""Ledgers as auditors read them: as of any moment or position, all of them together, and what is wrong with them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement


class PlacesRow(Struct, frozen=True):
    granted: int
    available: int
    held: int
    frozen: int
    spent: int
    expired: int
    taken_back: int
    debt: int


class MomentRow(PlacesRow, frozen=True):
    """The last movement of a ledger by then, with the balance after it."""

    version: int
    position: int
    recorded_at: datetime


class SourceRow(PlacesRow, frozen=True):
    source: str
    lots: int
    ledgers: int
    unbalanced: int
    """Lots whose credits are not all in one place each."""


class DifferenceRow(Struct, frozen=True):
    """A ledger whose lots and statement do not say the same."""

    user_id: UUID
    lots: list[int]
    statement: list[int]


_BY_POSITION = statement("""
    SELECT movements.granted, movements.available, movements.held, movements.frozen, movements.spent,
           movements.expired, movements.taken_back, movements.debt,
           movements.version, movements.position, movements.recorded_at
    FROM {statement} AS movements
    WHERE movements.user_id = %(user_id)s AND movements.position <= %(as_of)s
    ORDER BY movements.position DESC LIMIT 1
""")
_BY_MOMENT = statement("""
    SELECT movements.granted, movements.available, movements.held, movements.frozen, movements.spent,
           movements.expired, movements.taken_back, movements.debt,
           movements.version, movements.position, movements.recorded_at
    FROM {statement} AS movements
    WHERE movements.user_id = %(user_id)s AND movements.recorded_at <= %(as_of)s
    ORDER BY movements.recorded_at DESC, movements.version DESC LIMIT 1
""")
TOTALS = statement("""
    SELECT lots.source, count(*) AS lots, count(DISTINCT lots.user_id) AS ledgers,
           sum(lots.granted)::bigint AS granted, sum(lots.available)::bigint AS available,
           sum(lots.held)::bigint AS held, sum(lots.frozen)::bigint AS frozen,
           sum(lots.spent)::bigint AS spent, sum(lots.expired)::bigint AS expired,
           sum(lots.taken_back)::bigint AS taken_back, sum(lots.debt)::bigint AS debt,
           count(*) FILTER (WHERE lots.granted <> lots.available + lots.held + lots.frozen + lots.spent
                                                  + lots.expired + lots.taken_back
                               OR least(lots.available, lots.held, lots.frozen, lots.spent, lots.expired,
                                        lots.taken_back, lots.debt) < 0) AS unbalanced
    FROM {credit_lots} AS lots
    WHERE lots.until > %(position)s AND lots.since <= %(position)s
    GROUP BY lots.source ORDER BY lots.source
""")
DIFFERENCES = statement("""
    SELECT user_id, coalesce(lots.places, '{{}}') AS lots, coalesce(balances.places, '{{}}') AS statement
    FROM (
        SELECT user_id, ARRAY[sum(granted), sum(available), sum(held), sum(frozen), sum(spent), sum(expired),
                              sum(taken_back), sum(debt)]::bigint[] AS places
        FROM {credit_lots} WHERE until = 9223372036854775807 GROUP BY user_id
    ) AS lots
    FULL JOIN (
        SELECT DISTINCT ON (user_id)
               user_id, ARRAY[granted, available, held, frozen, spent, expired, taken_back, debt]::bigint[] AS places
        FROM {statement} ORDER BY user_id, version DESC
    ) AS balances USING (user_id)
    WHERE lots.places IS DISTINCT FROM balances.places
      AND NOT (lots.places IS NULL AND balances.places = ARRAY[0, 0, 0, 0, 0, 0, 0, 0]::bigint[])
    ORDER BY user_id LIMIT %(limit)s
""")


async def moment(reader: Reader, user_id: UUID, as_of: datetime | int) -> MomentRow | None:
    """The ledger after the longest prefix of it that was recorded by a moment, or up to a position."""
    query = _BY_POSITION if isinstance(as_of, int) else _BY_MOMENT
    return await reader.row(MomentRow, query, {"user_id": user_id, "as_of": as_of})


async def totals(reader: Reader, position: int) -> list[SourceRow]:
    """All ledgers together as they were at a position, by the source of their lots."""
    return await reader.rows(SourceRow, TOTALS, {"position": position})


async def differences(reader: Reader, *, limit: int) -> list[DifferenceRow]:
    """Ledgers whose lots do not add up to the balance of their statement; a place each, as PlacesRow has them.

    The two are followed one after the other, so on a busy system a ledger can be among them for a moment.
    """
    return await reader.rows(DifferenceRow, DIFFERENCES, {"limit": limit})
