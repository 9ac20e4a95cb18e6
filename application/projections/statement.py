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

    table = Table("statement", 1, StatementRow, ("user_id", "version"))
    events = named(
        CreditLedger.Opened,
        CreditLedger.Granted,
        CreditLedger.Held,
        CreditLedger.Settled,
        CreditLedger.Expired,
    )

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        if isinstance(recorded.event, CreditLedger.Opened):
            return ()
        return ((recorded.owner, recorded.version - 1),)

    def evolve(self, rows: Mapping[Key, StatementRow], recorded: Recorded) -> Mapping[Key, StatementRow]:
        user_id, version = owner(recorded), recorded.version
        lot_id: UUID | None = None
        source: str | None = None
        job_id: UUID | None = None
        change = to_hold = delivered = returned = 0
        match recorded.event:
            case CreditLedger.Granted(lot_id=lot_id, source=source, credits=change):
                kind = Movement.GRANTED
            case CreditLedger.Held(job_id=job_id, lots=lots):
                kind = Movement.HELD
                to_hold = sum(lots.values())
                change = -to_hold
            case CreditLedger.Settled(job_id=job_id, delivered=spent, returned=back):
                kind = Movement.SETTLED
                delivered, returned = sum(spent.values()), sum(back.values())
                change, to_hold = returned, -delivered - returned
            case CreditLedger.Expired(lot_id=lot_id, credits=credits):
                kind = Movement.EXPIRED
                change = -credits
            case _:
                kind = Movement.OPENED
        before = None if kind is Movement.OPENED else rows[user_id, version - 1]
        row = StatementRow(
            user_id=user_id,
            version=version,
            kind=kind,
            change=change,
            available=before.available + change if before else 0,
            held=before.held + to_hold if before else 0,
            lot_id=lot_id,
            source=source,
            job_id=job_id,
            delivered=delivered,
            returned=returned,
            recorded_at=recorded.recorded_at,
            position=recorded.position,
        )
        return {(user_id, version): row}
