"""The credit statement: every movement on a ledger, with the balance after it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from operator import add
from typing import Any, NamedTuple
from uuid import UUID

from application.projections.credit_places import MOVES, NOWHERE, Places, movement
from application.projections.projection import Key, Table, by_stream, named, owner
from application.recorded import Recorded
from domain.credit_ledger import CreditLedger


class Movement(StrEnum):
    OPENED = "opened"
    GRANTED = "granted"
    DEBT_REPAID = "debt_repaid"
    HELD = "held"
    SETTLED = "settled"
    RECLAIMED = "reclaimed"
    EXPIRED = "expired"
    FROZEN = "frozen"
    THAWED = "thawed"
    REVERSED = "reversed"
    REVERSAL_CANCELLED = "reversal_cancelled"
    ADJUSTED = "adjusted"


class StatementRow(NamedTuple):
    user_id: UUID
    version: int
    """The ledger's version: its events are numbered without a gap, so the row before is one less."""
    kind: Movement
    change: int
    """By how much the available credits changed."""
    granted: int
    available: int
    held: int
    frozen: int
    spent: int
    expired: int
    taken_back: int
    debt: int
    """These eight after the movement, over all lots."""
    credits: int
    """How many this movement is about."""
    delivered: int
    returned: int
    taken: int
    awaited: int
    owed: int
    """What became of those, each as a change; see the comments on the table's columns."""
    lot_id: UUID | None
    source: str | None
    job_id: UUID | None
    reference: str | None
    """The payment, dispute, refund or reason behind it."""
    recorded_at: datetime
    position: int

    @property
    def places(self) -> Places:
        row: tuple[Any, ...] = self
        return Places._make(row[_PLACES])


_PLACES = slice(StatementRow._fields.index("granted"), StatementRow._fields.index("debt") + 1)


def _about(
    kind: Movement,
    credits: int = 0,
    *,
    delivered: int = 0,
    returned: int = 0,
    taken: int = 0,
    awaited: int = 0,
    owed: int = 0,
    lot_id: UUID | None = None,
    source: str | None = None,
    job_id: UUID | None = None,
    reference: str | None = None,
) -> tuple[Any, ...]:
    """What an event itself tells about the movement: its kind, and columns as they follow the places."""
    return kind, credits, delivered, returned, taken, awaited, owed, lot_id, source, job_id, reference


class Statement:
    """One row per event of a ledger; its opening is the row from which the first balance follows."""

    table = Table(
        "statement",
        2,
        StatementRow,
        ("user_id", "version"),
        by_stream(lambda row: CreditLedger.id_for(row.user_id)),
    )
    events = named(CreditLedger.Opened, *MOVES)

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        """The row before, and its own: while one movement cannot be told, nor can those after it."""
        if isinstance(recorded.event, CreditLedger.Opened):
            return ()
        return ((recorded.owner, recorded.version - 1), (recorded.owner, recorded.version))

    def evolve(self, rows: Mapping[Key, StatementRow], recorded: Recorded) -> Mapping[Key, StatementRow]:
        event, version, user_id = recorded.event, recorded.version, owner(recorded)
        change = movement(event)
        kind, *about = _ABOUT[type(event)](event, change)
        # By place instead of by name, which takes half the time: a rebuild makes millions of rows.
        before: Any = NOWHERE if kind is Movement.OPENED else rows[user_id, version - 1][_PLACES]
        row = (
            user_id,
            version,
            kind,
            change.available,
            *map(add, before, change),
            *about,
            recorded.recorded_at,
            recorded.position,
        )
        return {(user_id, version): StatementRow._make(row)}


def _reclaimed(event: CreditLedger.Reclaimed, change: Places) -> tuple[Any, ...]:
    taken = change.taken_back
    return _about(
        Movement.RECLAIMED,
        taken + event.debt,
        taken=taken,
        awaited=-taken - event.debt,
        owed=event.debt,
        lot_id=event.lot_id,
    )


_ABOUT: Mapping[type[Any], Callable[[Any, Places], tuple[Any, ...]]] = {
    CreditLedger.Opened: lambda _opened, _change: _about(Movement.OPENED),
    CreditLedger.Granted: lambda event, change: _about(
        Movement.GRANTED,
        change.granted,
        lot_id=event.lot_id,
        source=event.source,
        reference=event.reference,
    ),
    CreditLedger.DebtRepaid: lambda event, change: _about(
        Movement.DEBT_REPAID,
        -change.debt,
        lot_id=event.lot_id,
        owed=change.debt,
    ),
    CreditLedger.Held: lambda event, change: _about(
        Movement.HELD,
        change.held,
        job_id=event.job_id,
    ),
    CreditLedger.Settled: lambda event, change: _about(
        Movement.SETTLED,
        -change.held,
        delivered=change.spent,
        returned=change.available,
        job_id=event.job_id,
    ),
    CreditLedger.Reclaimed: _reclaimed,
    CreditLedger.Expired: lambda event, change: _about(
        Movement.EXPIRED,
        change.expired,
        lot_id=event.lot_id,
    ),
    CreditLedger.Frozen: lambda event, change: _about(
        Movement.FROZEN,
        change.frozen,
        lot_id=event.lot_id,
        reference=event.dispute_id,
    ),
    CreditLedger.Thawed: lambda event, change: _about(
        Movement.THAWED,
        change.available,
        lot_id=event.lot_id,
        reference=event.dispute_id,
    ),
    CreditLedger.Reversed: lambda event, change: _about(
        Movement.REVERSED,
        event.credits,
        taken=change.taken_back,
        awaited=event.awaited,
        owed=change.debt,
        lot_id=event.lot_id,
        reference=event.reversal_id,
    ),
    CreditLedger.ReversalCancelled: lambda event, change: _about(
        Movement.REVERSAL_CANCELLED,
        event.credits,
        returned=event.restored,
        awaited=-event.awaited,
        owed=change.debt,
        lot_id=event.lot_id,
        reference=event.reversal_id,
    ),
    CreditLedger.Adjusted: lambda event, change: _about(
        Movement.ADJUSTED,
        change.taken_back,
        taken=change.taken_back,
        reference=event.reason,
    ),
}
