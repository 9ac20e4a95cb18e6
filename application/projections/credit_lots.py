"""Lots of credits, and where each of their credits is now."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, named, owner
from application.recorded import Recorded
from domain.credit_ledger import CreditLedger


class CreditLotRow(NamedTuple):
    """Always: credits = available + held + spent + expired."""

    lot_id: UUID
    user_id: UUID
    source: str
    credits: int
    available: int
    held: int
    spent: int
    expired: int
    expires_at: datetime | None
    granted_at: datetime
    reference: str


class CreditLots:
    table = Table("credit_lots", 1, CreditLotRow, ("lot_id",), lambda row: CreditLedger.id_for(row.user_id))
    events = named(CreditLedger.Granted, CreditLedger.Held, CreditLedger.Settled, CreditLedger.Expired)

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        match recorded.event:
            case CreditLedger.Held(lots=lots):
                return [(lot_id,) for lot_id in lots]
            case CreditLedger.Settled(delivered=delivered, returned=returned):
                return [(lot_id,) for lot_id in {**delivered, **returned}]
            case CreditLedger.Expired(lot_id=lot_id):
                return ((lot_id,),)
            case _:
                return ()

    def evolve(self, rows: Mapping[Key, CreditLotRow], recorded: Recorded) -> Mapping[Key, CreditLotRow]:
        if isinstance(recorded.event, CreditLedger.Granted):
            return {(recorded.event.lot_id,): _granted(recorded.event, recorded)}
        return {key: _moved(rows[key], recorded.event) for key in self.keys(recorded)}


def _granted(event: CreditLedger.Granted, recorded: Recorded) -> CreditLotRow:
    return CreditLotRow(
        lot_id=event.lot_id,
        user_id=owner(recorded),
        source=event.source,
        credits=event.credits,
        available=event.credits,
        held=0,
        spent=0,
        expired=0,
        expires_at=event.expires_at,
        granted_at=recorded.recorded_at,
        reference=event.reference,
    )


def _moved(row: CreditLotRow, event: Any) -> CreditLotRow:
    match event:
        case CreditLedger.Held(lots=lots):
            held = lots[row.lot_id]
            row = row._replace(available=row.available - held, held=row.held + held)
        case CreditLedger.Settled(delivered=delivered, returned=returned):
            spent, back = delivered.get(row.lot_id, 0), returned.get(row.lot_id, 0)
            row = row._replace(
                available=row.available + back, held=row.held - spent - back, spent=row.spent + spent
            )
        case CreditLedger.Expired(credits=credits):
            row = row._replace(available=row.available - credits, expired=row.expired + credits)
    return row
