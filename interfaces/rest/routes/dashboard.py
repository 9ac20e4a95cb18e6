"""What a user sees first: the newest jobs, how many there are, credits, and what this month has cost."""

from datetime import UTC, datetime
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

from litestar import get
from litestar.di import NamedDependency
from litestar.serialization import encode_json
from msgspec import Meta, Raw, Struct

from infrastructure.queries import jobs
from infrastructure.queries.dashboard import Dashboards
from infrastructure.queries.jobs import NEWEST
from infrastructure.queries.pages import Pages
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import CREDIT_LOTS, JOBS, STATEMENT
from interfaces.rest.errors.faults import ReadModelBehind
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import JobSummary, summarised

SHOWN = 5
"""Newest jobs."""


class JobCounts(Struct, frozen=True):
    """Of the jobs that are not deleted."""

    pending: Annotated[int, Meta(examples=[0])]
    processing: Annotated[int, Meta(examples=[1])]
    completed: Annotated[int, Meta(examples=[12])]
    failed: Annotated[int, Meta(examples=[0])]
    cancelled: Annotated[int, Meta(examples=[1])]


class CreditTotals(Struct, frozen=True):
    available: Annotated[int, Meta(description="What a new job could hold now", examples=[7])]
    held: Annotated[int, Meta(examples=[2])]
    spent: Annotated[int, Meta(examples=[31])]


class Spending(Struct, frozen=True):
    credits: Annotated[int, Meta(description="For photos delivered by jobs that ended since", examples=[4])]
    since: Annotated[
        datetime,
        Meta(description="When the month began where the user is", examples=["2026-05-01T00:00:00Z"]),
    ]
    time_zone: Annotated[str, Meta(examples=["Europe/London"])]


class Dashboard(Struct, frozen=True):
    newest_jobs: list[JobSummary]
    jobs: JobCounts
    credits: CreditTotals
    spending_this_month: Spending


@get(
    "/dashboard",
    tags=["Dashboard"],
    summary="My newest jobs, credits and spending at a glance",
    responses=problems(ReadModelBehind),
)
async def show_dashboard(
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    pages: NamedDependency[Pages],
    dashboards: NamedDependency[Dashboards],
    wait_for_position: WaitForPosition = None,
) -> Dashboard:
    await wait_for(reader, wait_for_position, JOBS, CREDIT_LOTS, STATEMENT)
    since = month_began(principal.asked_at, principal.time_zone)
    totals = await dashboards.totals(principal.user_id, month_began=since)
    place = ("dashboard", principal.user_id, NEWEST, SHOWN)
    newest: Any = pages.find(place, totals.newest)
    if newest is None:
        rows = await jobs.jobs(reader, principal.user_id, before=NEWEST, limit=SHOWN)
        newest = encode_json([summarised(row) for row in rows])
        pages.keep(place, totals.newest, newest)
    return Dashboard(
        newest_jobs=cast("list[JobSummary]", Raw(newest)),  # encoded already
        jobs=JobCounts(
            pending=totals.pending,
            processing=totals.processing,
            completed=totals.completed,
            failed=totals.failed,
            cancelled=totals.cancelled,
        ),
        credits=CreditTotals(available=totals.available, held=totals.held, spent=totals.spent),
        spending_this_month=Spending(totals.spent_this_month, since, principal.time_zone),
    )


def month_began(now: datetime, time_zone: str) -> datetime:
    """Midnight on the first of the month that it is there, which may not be the month that it is here."""
    there = now.astimezone(ZoneInfo(time_zone))
    return there.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


HANDLERS = (show_dashboard,)
