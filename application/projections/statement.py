"""The credit statement: every movement on a ledger, with the balance after it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, named, owner
from application.recorded import Recorded
from domain.credit_ledger import CreditLedger


class Movement(StrEnum):
    OPENED = "opened"
    GRANTED = "granted"
    HELD = "held"
    SETTLED = "settled"
    EXPIRED = "expired"


class StatementRow(NamedTuple):
    user_id: UUID
    version: int
    """The ledger's version: its events are numbered without a gap, so the row before is one less."""
    kind: Movement
    change: int
    """By how much the available credits changed."""
    available: int
    held: int
    lot_id: UUID | None
    source: str | None
    job_id: UUID | None
    delivered: int
    returned: int
    recorded_at: datetime
    position: int


class Statement:
    """One row per event of a ledger; its opening is the row from which the first balance follows."""

    table = Table(
        "statement", 1, StatementRow, ("user_id", "version"), lambda row: CreditLedger.id_for(row.user_id)
    )
    events = named(
        CreditLedger.Opened,
        CreditLedger.Granted,
        CreditLedger.Held,
        CreditLedger.Settled,
        CreditLedger.Expired,
    )

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        """The row before, and its own: while one movement cannot be told, nor can those after it."""
        if isinstance(recorded.event, CreditLedger.Opened):
            return ()
        return ((recorded.owner, recorded.version - 1), (recorded.owner, recorded.version))

    def evolve(self, rows: Mapping[Key, StatementRow], recorded: Recorded) -> Mapping[Key, StatementRow]:
        event, version = recorded.event, recorded.version
        user_id = owner(recorded)
        lot_id: UUID | None = None
        source: str | None = None
        job_id: UUID | None = None
        change = to_hold = delivered = returned = 0
        match event:
            case CreditLedger.Held():
                kind, job_id = Movement.HELD, event.job_id
                to_hold = sum(event.lots.values())
                change = -to_hold
            case CreditLedger.Settled():
                kind, job_id = Movement.SETTLED, event.job_id
                delivered, returned = sum(event.delivered.values()), sum(event.returned.values())
                change, to_hold = returned, -delivered - returned
            case CreditLedger.Granted():
                kind, lot_id, source, change = Movement.GRANTED, event.lot_id, event.source, event.credits
            case CreditLedger.Expired():
                kind, lot_id, change = Movement.EXPIRED, event.lot_id, -event.credits
            case _:
                return {(user_id, version): _opened(user_id, recorded)}
        before = rows[user_id, version - 1]
        row = StatementRow(
            user_id,
            version,
            kind,
            change,
            before.available + change,
            before.held + to_hold,
            lot_id,
            source,
            job_id,
            delivered,
            returned,
            recorded.recorded_at,
            recorded.position,
        )
        return {(user_id, version): row}


def _opened(user_id: UUID, recorded: Recorded) -> StatementRow:
    return StatementRow(
        user_id=user_id,
        version=recorded.version,
        kind=Movement.OPENED,
        change=0,
        available=0,
        held=0,
        lot_id=None,
        source=None,
        job_id=None,
        delivered=0,
        returned=0,
        recorded_at=recorded.recorded_at,
        position=recorded.position,
    )
