"""What a user sees first, in numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from infrastructure.postgres.connecting import array
from infrastructure.queries.jobs import NEWEST, PAGE_VERSION
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement
from infrastructure.queries.together import Together


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


class _Row(Totals, frozen=True):
    number: int
    """Of the question."""


_TOTALS: Final = statement(
    """
    SELECT asked.number,
           counts.pending, counts.processing, counts.completed, counts.failed, counts.cancelled,
           credits.available, credits.held, credits.spent, spending.spent_this_month,
           newest.version AS newest
    FROM unnest(%(user_ids)s::uuid[], %(months)s::timestamptz[])
         WITH ORDINALITY AS asked (user_id, month_began, number)
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE jobs.status = 'pending') AS pending,
               count(*) FILTER (WHERE jobs.status = 'processing') AS processing,
               count(*) FILTER (WHERE jobs.status = 'completed') AS completed,
               count(*) FILTER (WHERE jobs.status = 'failed') AS failed,
               count(*) FILTER (WHERE jobs.status = 'cancelled') AS cancelled
        FROM {jobs} AS jobs WHERE jobs.user_id = asked.user_id AND jobs.deleted_at IS NULL
    ) AS counts
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(lots.available) FILTER (
                   WHERE coalesce(lots.expires_at > clock_timestamp(), true)), 0)::bigint AS available,
               coalesce(sum(lots.held), 0)::bigint AS held,
               coalesce(sum(lots.spent), 0)::bigint AS spent
        FROM {credit_lots} AS lots
        WHERE lots.user_id = asked.user_id AND lots.until = 9223372036854775807
    ) AS credits
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(movements.delivered), 0)::bigint AS spent_this_month
        FROM {statement} AS movements
        WHERE movements.user_id = asked.user_id AND movements.recorded_at >= asked.month_began
    ) AS spending
    CROSS JOIN LATERAL ("""  # noqa: S608 - nothing comes from outside
    + PAGE_VERSION.replace("%(user_id)s", "asked.user_id")
    + """) AS newest
"""
)


class Dashboards:
    """The totals of many users, asked for together."""

    def __init__(self, reader: Reader, *, newest: int) -> None:
        """Each dashboard shows so many of the newest jobs."""
        self._reader = reader
        self._newest = newest
        self._together = Together(self._of)

    async def totals(self, user_id: UUID, *, month_began: datetime) -> Totals:
        """Of the jobs that are not deleted, of all credits, and what was spent since the month began."""
        found = await self._together.find((user_id, month_began))
        if found is None:
            raise LookupError(user_id)  # which the statement does not allow: it has a row for everybody
        return found

    async def _of(self, asked: Sequence[tuple[UUID, datetime]]) -> dict[tuple[UUID, datetime], Totals]:
        parameters = {
            "user_ids": array(user_id.hex for user_id, _ in asked),
            "months": array(month_began.isoformat() for _, month_began in asked),
            "before": NEWEST,
            "limit": self._newest,
        }
        rows = await self._reader.rows(_Row, _TOTALS, parameters)
        return {asked[row.number - 1]: row for row in rows}
