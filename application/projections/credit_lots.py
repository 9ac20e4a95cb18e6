"""Lots of credits, where each of their credits is now, and where it was at any time before."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from application.projections.credit_places import MOVES, Places, moves
from application.projections.projection import Key, Table, by_stream, named, owner
from application.recorded import Recorded
from domain.credit_ledger import CreditLedger

PRESENT = 2**63 - 1
"""The `until` of what is so now: the largest position there can be."""


class CreditLotRow(NamedTuple):
    """A lot from one position in the log until just before another.

    Always: granted = available + held + frozen + spent + expired + taken back.
    """

    lot_id: UUID
    until: int
    since: int
    user_id: UUID
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

    @property
    def places(self) -> Places:
        row: tuple[Any, ...] = self
        return Places._make(row[_PLACES])


_PLACES = slice(CreditLotRow._fields.index("granted"), CreditLotRow._fields.index("debt") + 1)


class CreditLots:
    """One row for the present state of each lot, and one for each past one, so that any moment can be read."""

    table = Table(
        "credit_lots",
        2,
        CreditLotRow,
        ("lot_id", "until"),
        by_stream(lambda row: CreditLedger.id_for(row.user_id)),
    )
    events = named(*MOVES)

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        if isinstance(recorded.event, CreditLedger.Granted):
            return ()
        return [(lot_id, PRESENT) for lot_id in moves(recorded.event)]

    def evolve(self, rows: Mapping[Key, CreditLotRow], recorded: Recorded) -> Mapping[Key, CreditLotRow]:
        if isinstance(recorded.event, CreditLedger.Granted):
            return {(recorded.event.lot_id, PRESENT): _granted(recorded.event, recorded)}
        evolved: dict[Key, CreditLotRow] = {}
        for lot_id, change in moves(recorded.event).items():
            row = rows[lot_id, PRESENT]
            evolved[lot_id, recorded.position] = row._replace(until=recorded.position)
            places = row.places.plus(change)
            evolved[lot_id, PRESENT] = row._replace(since=recorded.position, **places._asdict())
        return evolved


def _granted(event: CreditLedger.Granted, recorded: Recorded) -> CreditLotRow:
    return CreditLotRow(
        lot_id=event.lot_id,
        until=PRESENT,
        since=recorded.position,
        user_id=owner(recorded),
        source=event.source,
        **Places(granted=event.credits, available=event.credits)._asdict(),
        expires_at=event.expires_at,
        granted_at=recorded.recorded_at,
        reference=event.reference,
        restores=event.restores,
    )
