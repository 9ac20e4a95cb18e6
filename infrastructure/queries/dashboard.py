"""What a user sees first, in numbers."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.jobs import NEWEST, PAGE_VERSION
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement


class Totals(Struct, frozen=True):
    pending: int
    processing: int
    completed: int
    failed: int
    cancelled: int
    available: int
    """Credits that a new job could hold."""
    held: int
    spent: int
    spent_this_month: int
    newest: str
    """The version of the page of newest jobs."""


_TOTALS: Final = statement(
    """
    SELECT counts.pending, counts.processing, counts.completed, counts.failed, counts.cancelled,
           credits.available, credits.held, credits.spent, spending.spent_this_month,
           newest.version AS newest
    FROM (
        SELECT count(*) FILTER (WHERE jobs.status = 'pending') AS pending,
               count(*) FILTER (WHERE jobs.status = 'processing') AS processing,
               count(*) FILTER (WHERE jobs.status = 'completed') AS completed,
               count(*) FILTER (WHERE jobs.status = 'failed') AS failed,
               count(*) FILTER (WHERE jobs.status = 'cancelled') AS cancelled
        FROM {jobs} AS jobs WHERE jobs.user_id = %(user_id)s AND jobs.deleted_at IS NULL
    ) AS counts
    CROSS JOIN (
        SELECT coalesce(sum(lots.available) FILTER (
                   WHERE coalesce(lots.expires_at > clock_timestamp(), true)), 0)::bigint AS available,
               coalesce(sum(lots.held), 0)::bigint AS held,
               coalesce(sum(lots.spent), 0)::bigint AS spent
        FROM {credit_lots} AS lots
        WHERE lots.user_id = %(user_id)s AND lots.until = 9223372036854775807
    ) AS credits
    CROSS JOIN (
        SELECT coalesce(sum(movements.delivered), 0)::bigint AS spent_this_month
        FROM {statement} AS movements
        WHERE movements.user_id = %(user_id)s AND movements.recorded_at >= %(month_began)s
    ) AS spending
    CROSS JOIN ("""  # noqa: S608 - nothing comes from outside
    + PAGE_VERSION
    + """) AS newest
"""
)


async def totals(reader: Reader, user_id: UUID, *, month_began: datetime, newest: int) -> Totals:
    """Of the jobs that are not deleted, of all credits, and what was spent since the month began."""
    parameters = {"user_id": user_id, "month_began": month_began, "before": NEWEST, "limit": newest}
    found = await reader.rows(Totals, _TOTALS, parameters)
    return found[0]
