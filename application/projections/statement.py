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


class _Details(NamedTuple):
    """What an event itself tells about the movement: its kind, and columns as they follow the places."""

    kind: Movement
    credits: int = 0
    delivered: int = 0
    returned: int = 0
    taken: int = 0
    awaited: int = 0
    owed: int = 0
    lot_id: UUID | None = None
    source: str | None = None
    job_id: UUID | None = None
    reference: str | None = None


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
        details = _DETAILS[type(event)](event)
        change = movement(event)
        before = NOWHERE if details.kind is Movement.OPENED else rows[user_id, version - 1].places
        # By place instead of by name, which takes half the time: a rebuild makes millions of rows.
        row = (
            *(user_id, version, details.kind, change.available),
            *map(add, before, change),
            *details[1:],
            *(recorded.recorded_at, recorded.position),
        )
        return {(user_id, version): StatementRow._make(row)}


def _settled(event: CreditLedger.Settled) -> _Details:
    delivered, returned = sum(event.delivered.values()), sum(event.returned.values())
    return _Details(
        Movement.SETTLED, delivered + returned, delivered=delivered, returned=returned, job_id=event.job_id
    )


def _reclaimed(event: CreditLedger.Reclaimed) -> _Details:
    taken = sum(event.taken.values())
    return _Details(
        Movement.RECLAIMED,
        taken + event.debt,
        taken=taken,
        awaited=-taken - event.debt,
        owed=event.debt,
        lot_id=event.lot_id,
    )


def _disputed(kind: Movement) -> Callable[[CreditLedger.Frozen | CreditLedger.Thawed], _Details]:
    return lambda event: _Details(
        kind,
        lot_id=event.lot_id,
        credits=sum(event.lots.values()),
        reference=event.dispute_id,
    )


_DETAILS: Mapping[type[Any], Callable[[Any], _Details]] = {
    CreditLedger.Opened: lambda _opened: _Details(Movement.OPENED),
    CreditLedger.Granted: lambda event: _Details(
        Movement.GRANTED,
        lot_id=event.lot_id,
        source=event.source,
        credits=event.credits,
        reference=event.reference,
    ),
    CreditLedger.DebtRepaid: lambda event: _Details(
        Movement.DEBT_REPAID,
        lot_id=event.lot_id,
        credits=sum(event.debts.values()),
        owed=-sum(event.debts.values()),
    ),
    CreditLedger.Held: lambda event: _Details(
        Movement.HELD,
        job_id=event.job_id,
        credits=sum(event.lots.values()),
    ),
    CreditLedger.Settled: _settled,
    CreditLedger.Reclaimed: _reclaimed,
    CreditLedger.Expired: lambda event: _Details(
        Movement.EXPIRED,
        lot_id=event.lot_id,
        credits=event.credits,
    ),
    CreditLedger.Frozen: _disputed(Movement.FROZEN),
    CreditLedger.Thawed: _disputed(Movement.THAWED),
    CreditLedger.Reversed: lambda event: _Details(
        Movement.REVERSED,
        lot_id=event.lot_id,
        credits=event.credits,
        taken=sum(event.taken.values()),
        awaited=event.awaited,
        owed=event.debt,
        reference=event.reversal_id,
    ),
    CreditLedger.ReversalCancelled: lambda event: _Details(
        Movement.REVERSAL_CANCELLED,
        lot_id=event.lot_id,
        credits=event.credits,
        returned=event.restored,
        awaited=-event.awaited,
        owed=-event.debt,
        reference=event.reversal_id,
    ),
    CreditLedger.Adjusted: lambda event: _Details(
        Movement.ADJUSTED,
        credits=sum(event.lots.values()),
        taken=sum(event.lots.values()),
        reference=event.reason,
    ),
}
