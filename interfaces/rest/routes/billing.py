"""Credits over HTTP: the balance with the lots it lies in, and every movement in plain words."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from domain.lots import Source
from infrastructure.queries import credits as queries
from infrastructure.queries.credits import LotRow, MovementRow
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import CREDIT_LOTS, STATEMENT
from interfaces.rest import cursors
from interfaces.rest.cursors import Cursor, Limit
from interfaces.rest.errors.faults import CursorInvalid, ReadModelBehind
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.problems import problems
from interfaces.wording import described

PAGE = 50
TAGS = ["Billing"]

Moment = Annotated[datetime, Meta(examples=["2026-05-04T09:31:00Z"])]
JobId = Annotated[UUID | None, Meta(examples=["4f2f9d0a-2f1f-4c1f-8d11-0a6f2b526f0e"])]


class Lot(Struct, frozen=True):
    """One grant: credits = available + held + frozen + spent + expired + taken back."""

    lot_id: Annotated[UUID, Meta(examples=["c8e1d2ef-33cc-5a4f-9f2c-2c8a4d748a2a"])]
    source: Annotated[Source, Meta(examples=["trial"])]
    credits: Annotated[int, Meta(examples=[3])]
    available: Annotated[int, Meta(examples=[1])]
    held: Annotated[int, Meta(description="Set aside for jobs that have not ended", examples=[1])]
    frozen: Annotated[int, Meta(description="Unusable while their payment is disputed", examples=[0])]
    spent: Annotated[int, Meta(examples=[1])]
    expired: Annotated[int, Meta(examples=[0])]
    taken_back: Annotated[
        int, Meta(description="By refunds, lost disputes and adjustments, and to repay debt", examples=[0])
    ]
    debt: Annotated[int, Meta(description="Used before their payment was refunded, and owed", examples=[0])]
    expires_at: Annotated[datetime | None, Meta(description="Null: never", examples=[None])]
    granted_at: Moment


class Credits(Struct, frozen=True):
    available: Annotated[
        int, Meta(description="What a new job could hold now, if nothing is owed", examples=[1])
    ]
    held: Annotated[int, Meta(examples=[1])]
    frozen: Annotated[int, Meta(examples=[0])]
    spent: Annotated[int, Meta(examples=[1])]
    debt: Annotated[int, Meta(description="Owed: the next credits repay it first", examples=[0])]
    lots: Annotated[list[Lot], Meta(description="In the order in which they burn")]


class Movement(Struct, frozen=True):
    position: Annotated[int, Meta(description="Place in the log", examples=[42])]
    recorded_at: Moment
    kind: Annotated[str, Meta(examples=["held"])]
    description: Annotated[str, Meta(examples=["2 credits set aside for a job"])]
    change: Annotated[int, Meta(description="Of the available credits", examples=[-2])]
    available: Annotated[int, Meta(description="After it", examples=[1])]
    held: Annotated[int, Meta(description="After it", examples=[2])]
    frozen: Annotated[int, Meta(description="After it", examples=[0])]
    debt: Annotated[int, Meta(description="After it", examples=[0])]
    job_id: JobId
    lot_id: Annotated[UUID | None, Meta(examples=[None])]


class StatementPage(Struct, frozen=True):
    items: list[Movement]
    next_cursor: Annotated[
        str | None, Meta(description="Where the next page begins; null on the last", examples=["AAAAAAAAAAM"])
    ]


@get(
    "/billing/credits",
    tags=TAGS,
    summary="My credits, by lot",
    responses=problems(ReadModelBehind),
)
async def show_credits(
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    wait_for_position: WaitForPosition = None,
) -> Credits:
    await wait_for(reader, wait_for_position, CREDIT_LOTS)
    rows = await queries.lots(reader, principal.user_id)
    return Credits(
        available=sum(row.available for row in rows),
        held=sum(row.held for row in rows),
        frozen=sum(row.frozen for row in rows),
        spent=sum(row.spent for row in rows),
        debt=sum(row.debt for row in rows),
        lots=[_lot(row) for row in rows],
    )


@get(
    "/billing/statement",
    tags=TAGS,
    summary="Every movement of my credits, newest first",
    responses=problems(CursorInvalid, ReadModelBehind),
)
async def show_statement(
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = PAGE,
    wait_for_position: WaitForPosition = None,
) -> StatementPage:
    before = cursors.decoded(cursor)
    await wait_for(reader, wait_for_position, STATEMENT)
    rows = await queries.movements(reader, principal.user_id, before=before, limit=limit + 1)
    shown, next_cursor = cursors.page(rows, limit, lambda row: row.version)
    return StatementPage(items=[_movement(row) for row in shown], next_cursor=next_cursor)


def _lot(row: LotRow) -> Lot:
    return Lot(
        lot_id=row.lot_id,
        source=Source(row.source),
        credits=row.granted,
        available=row.available,
        held=row.held,
        frozen=row.frozen,
        spent=row.spent,
        expired=row.expired,
        taken_back=row.taken_back,
        debt=row.debt,
        expires_at=row.expires_at,
        granted_at=row.granted_at,
    )


def _movement(row: MovementRow) -> Movement:
    return Movement(
        position=row.position,
        recorded_at=row.recorded_at,
        kind=row.kind,
        description=described(row),
        change=row.change,
        available=row.available,
        held=row.held,
        frozen=row.frozen,
        debt=row.debt,
        job_id=row.job_id,
        lot_id=row.lot_id,
    )


HANDLERS = (show_credits, show_statement)
