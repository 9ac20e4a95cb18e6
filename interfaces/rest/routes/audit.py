"""For auditors: any ledger as of any moment, its raw events, its chain, and all ledgers together.

Every route is there for the role auditor alone; for anybody else there is nothing at its address.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from application.errors import NotFound
from application.projections.credit_lots import PRESENT
from domain.credit_ledger import CreditLedger
from domain.user import Role
from infrastructure.queries import chains, ledgers, raw_events, trails
from infrastructure.queries import credits as credit_queries
from infrastructure.queries.credits import MovementRow
from infrastructure.queries.jobs import NEWEST
from infrastructure.queries.ledgers import MomentRow, PlacesRow
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import CREDIT_LOTS, STATEMENT
from infrastructure.wiring import Container
from interfaces.exports import FORMATS, Format, exported
from interfaces.rest import cursors
from interfaces.rest.authentication import for_role
from interfaces.rest.cursors import Cursor, Limit
from interfaces.rest.errors.faults import CursorInvalid, FieldProblem, ReadModelBehind, ValidationFailed
from interfaces.rest.files import FileStream, begun, disposition
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.problems import problems
from interfaces.rest.routes.audit_shapes import (
    AuditedEvent,
    AuditedLedger,
    AuditedLot,
    AuditedMovement,
    AuditedStatement,
    Balance,
    BrokenAt,
    EventPage,
    SourceTotals,
    Totals,
    TrailShown,
    Verification,
)
from interfaces.wording import described

PAGE = 50
TAGS = ["Audit"]
AUDITOR = for_role(Role.AUDITOR)

_AS_OF = (
    r"^([0-9]{1,40}|[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}"
    r"(\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))$"
)
AsOf = Annotated[
    str | None,
    QueryParameter(
        max_length=40,
        schema_extra={"pattern": _AS_OF},
        description="A moment (RFC 3339) or a position in the log: what was recorded by then. None: now.",
        examples=[],
    ),
]
Owner = Annotated[UUID | None, QueryParameter(description="Only the events of this user.")]


@get(
    "/audit/ledgers/{user_id:uuid}",
    tags=TAGS,
    summary="A ledger's balance and lots, now or as of any moment",
    opt=AUDITOR,
    responses=problems(NotFound, ReadModelBehind),
)
async def show_ledger(
    user_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    as_of: AsOf = None,
    wait_for_position: WaitForPosition = None,
) -> AuditedLedger:
    await wait_for(reader, wait_for_position, CREDIT_LOTS, STATEMENT)
    when = moment_or_position(as_of)
    then = await _moment(reader, user_id, when)
    at = when if isinstance(when, datetime) else then.recorded_at if as_of else None
    lots = await credit_queries.lots(reader, user_id, position=then.position, at=at)
    balance = Balance(**{name: sum(getattr(lot, name) for lot in lots) for name in Balance.__struct_fields__})
    return AuditedLedger(
        user_id=user_id,
        ledger_id=CreditLedger.id_for(user_id),
        position=then.position,
        version=then.version,
        recorded_at=then.recorded_at,
        balance=balance,
        balanced=_balanced(balance) and _recorded(balance) == _recorded(_balance(then)),
        lots=[_lot(lot) for lot in lots],
    )


@get(
    "/audit/ledgers/{user_id:uuid}/statement",
    tags=TAGS,
    summary="Every movement of a ledger, newest first, in the words that its user reads",
    opt=AUDITOR,
    responses=problems(NotFound, CursorInvalid, ReadModelBehind),
)
async def show_audited_statement(
    user_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    as_of: AsOf = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
    wait_for_position: WaitForPosition = None,
) -> AuditedStatement:
    before = cursors.decoded(cursor)
    await wait_for(reader, wait_for_position, STATEMENT)
    then = await _moment(reader, user_id, moment_or_position(as_of))
    before = min(before, then.version + 1)
    rows = await credit_queries.movements(reader, user_id, before=before, limit=limit + 1)
    shown, next_cursor = cursors.page(rows, limit, lambda row: row.version)
    return AuditedStatement(items=[_movement(row) for row in shown], next_cursor=next_cursor)


@get(
    "/audit/ledgers/{user_id:uuid}/events",
    tags=TAGS,
    summary="A ledger's events as they are stored, oldest first, with actor, cause and hash",
    opt=AUDITOR,
    responses=problems(NotFound, CursorInvalid),
)
async def show_ledger_events(
    user_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    as_of: AsOf = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> EventPage:
    upto = await _upto(reader, user_id, as_of)
    after = 0 if cursor is None else cursors.decoded(cursor)
    stream_id = CreditLedger.id_for(user_id)
    found = await raw_events.of_stream(reader, stream_id, after=after, upto=upto, limit=limit + 1)
    if not found and not cursor:
        raise NotFound(CreditLedger.__name__, user_id)
    return _page(found, limit, found[limit - 1].version if len(found) > limit else None)


@get(
    "/audit/ledgers/{user_id:uuid}/export/{form:str}",
    tags=TAGS,
    summary="A ledger's events as a file, jsonl or csv, to be checked elsewhere",
    description="Everything that the hashes are made from; docs/auditing.md tells how to check them.",
    opt={**AUDITOR, "also": FORMATS},
    responses=problems(NotFound),
)
async def export_ledger(
    user_id: FromPath[UUID], form: FromPath[Format], reader: NamedDependency[Reader], as_of: AsOf = None
) -> Stream:
    upto = await _upto(reader, user_id, as_of)
    stream_id = CreditLedger.id_for(user_id)
    if not await raw_events.of_stream(reader, stream_id, after=0, upto=upto, limit=1):
        raise NotFound(CreditLedger.__name__, user_id)
    return await _file(f"ledger-{user_id}", form, raw_events.whole_stream(reader, stream_id, upto=upto))


@get(
    "/audit/ledgers/{user_id:uuid}/verification",
    tags=TAGS,
    summary="Whether a ledger's chain of hashes holds, and whether replaying it leads to what is shown",
    opt=AUDITOR,
    responses=problems(NotFound),
)
async def verify_ledger(
    user_id: FromPath[UUID], reader: NamedDependency[Reader], container: NamedDependency[Container]
) -> Verification:
    ledger_id = CreditLedger.id_for(user_id)
    verified = await sync_to_thread(chains.verified, container.database, container.store, user_id)
    then = await ledgers.moment(reader, user_id, verified.replayed_to)
    shown = msgspec.structs.astuple(_balance(then)) if then else None
    broken = verified.chain.broken
    return Verification(
        user_id=user_id,
        ledger_id=ledger_id,
        intact=broken is None,
        events=verified.chain.events,
        last_version=verified.chain.last_version,
        last_position=verified.chain.last_position,
        head=verified.chain.head.hex(),
        broken_at=BrokenAt(broken.kind, broken.position, broken.version) if broken else None,
        replay_agrees=verified.replayed is not None and shown == tuple(verified.replayed),
        anchored_to=verified.anchored_to,
    )


@get(
    "/audit/events",
    tags=TAGS,
    summary="The whole log, oldest first, as it is stored",
    description="Up to the last position below which nothing can come to light any more.",
    opt=AUDITOR,
    responses=problems(CursorInvalid),
)
async def show_events(
    reader: NamedDependency[Reader], owner: Owner = None, cursor: Cursor = None, limit: Limit = PAGE
) -> EventPage:
    after = 0 if cursor is None else cursors.decoded(cursor)
    upto = await raw_events.safe_position(reader)
    found = await raw_events.of_log(reader, after=after, upto=upto, owner=owner, limit=limit + 1)
    return _page(found, limit, found[limit - 1].position if len(found) > limit else None)


@get(
    "/audit/events/export/{form:str}",
    tags=TAGS,
    summary="The whole log as a file, jsonl or csv",
    opt={**AUDITOR, "also": FORMATS},
)
async def export_events(
    form: FromPath[Format], reader: NamedDependency[Reader], owner: Owner = None
) -> Stream:
    upto = await raw_events.safe_position(reader)
    return await _file("events", form, raw_events.whole_log(reader, after=0, upto=upto, owner=owner))


@get(
    "/audit/totals",
    tags=TAGS,
    summary="All ledgers together, by the source of their credits; they balance, or it says which do not",
    opt=AUDITOR,
)
async def show_totals(
    reader: NamedDependency[Reader],
    as_of: Annotated[
        int | None, QueryParameter(ge=1, le=PRESENT - 1, description="A position in the log. None: now.")
    ] = None,
) -> Totals:
    position = as_of or await raw_events.safe_position(reader)
    rows = await ledgers.totals(reader, as_of or PRESENT - 1)
    differing = [] if as_of else await ledgers.differences(reader, limit=100)
    unbalanced = sum(row.unbalanced for row in rows)
    return Totals(
        position=position,
        balanced=not unbalanced and not differing,
        unbalanced_lots=unbalanced,
        differing_ledgers=[difference.user_id for difference in differing],
        sources=[
            SourceTotals(
                source=row.source, lots=row.lots, ledgers=row.ledgers, **msgspec.structs.asdict(_balance(row))
            )
            for row in rows
        ],
        total=Balance(
            **{name: sum(getattr(row, name) for row in rows) for name in Balance.__struct_fields__}
        ),
    )


@get(
    "/audit/trail",
    tags=TAGS,
    summary="What follows from what: a payment's message, the grant, holds, jobs and photos, and back",
    description="From a lot, a job, or any event by its position; exactly one of them.",
    opt=AUDITOR,
    responses=problems(NotFound),
)
async def show_trail(
    reader: NamedDependency[Reader],
    lot_id: Annotated[UUID | None, QueryParameter(description="A lot of credits.")] = None,
    job_id: Annotated[UUID | None, QueryParameter(description="A photo job.")] = None,
    position: Annotated[
        int | None, QueryParameter(ge=1, le=PRESENT - 1, description="Any event's place in the log.")
    ] = None,
) -> TrailShown:
    if sum(asked is not None for asked in (lot_id, job_id, position)) != 1:
        raise ValidationFailed(
            [FieldProblem("lot_id", "Give one of lot_id, job_id and position, and no other")]
        )
    if lot_id:
        trail = await trails.of_lot(reader, lot_id)
    elif job_id:
        trail = await trails.of_job(reader, job_id)
    else:
        trail = await trails.of_event(reader, position or 0)
    if not trail.steps:
        raise NotFound("Trail", lot_id or job_id or UUID(int=0))
    return msgspec.convert(trail, TrailShown, from_attributes=True)


def moment_or_position(as_of: str | None) -> datetime | int:
    """Raises ValidationFailed for what is neither; a moment without a time zone is not one."""
    if as_of is None:
        return NEWEST
    if as_of.isascii() and as_of.isdigit():
        return min(int(as_of), NEWEST)
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(as_of)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise ValidationFailed([FieldProblem("as_of", "Neither a moment (RFC 3339) nor a position")])


async def _moment(reader: Reader, user_id: UUID, as_of: datetime | int) -> MomentRow:
    if (then := await ledgers.moment(reader, user_id, as_of)) is None:
        raise NotFound(CreditLedger.__name__, user_id)
    return then


async def _upto(reader: Reader, user_id: UUID, as_of: str | None) -> int:
    """The position of the last event recorded by then."""
    when = moment_or_position(as_of)
    return when if isinstance(when, int) else (await _moment(reader, user_id, when)).position


async def _file(name: str, form: Format, events: Any) -> Stream:
    return FileStream(
        await begun(exported(events, form)),
        media_type=form.media_type,
        headers={"Content-Disposition": disposition(f"{name}.{form}", attachment=True)},
    )


def _page(found: list[raw_events.RawEvent], limit: int, last: int | None) -> EventPage:
    return EventPage(
        items=[AuditedEvent(**msgspec.structs.asdict(event)) for event in found[:limit]],
        next_cursor=None if last is None else cursors.encoded(last),
    )


def _balance(row: PlacesRow) -> Balance:
    return Balance(**{name: getattr(row, name) for name in Balance.__struct_fields__})


def _balanced(balance: Balance) -> bool:
    granted, *places, _debt = msgspec.structs.astuple(balance)
    return bool(granted == sum(places) and min(places) >= 0)


def _recorded(balance: Balance) -> tuple[int, ...]:
    """What does not depend on whether an expiry that is due is recorded yet."""
    usable = balance.available + balance.frozen + balance.expired
    return (balance.granted, usable, balance.held, balance.spent, balance.taken_back, balance.debt)


def _lot(row: credit_queries.LotRow) -> AuditedLot:
    told = msgspec.structs.asdict(row)
    return msgspec.convert({**told, "credits": told.pop("granted")}, AuditedLot)


def _movement(row: MovementRow) -> AuditedMovement:
    told = {name: getattr(row, name, None) for name in AuditedMovement.__struct_fields__}
    return msgspec.convert({**told, "description": described(row)}, AuditedMovement)


HANDLERS = (
    show_ledger,
    show_audited_statement,
    show_ledger_events,
    export_ledger,
    verify_ledger,
    show_events,
    export_events,
    show_totals,
    show_trail,
)
