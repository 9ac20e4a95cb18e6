"""The credit statement: every movement on a ledger, with the balance after it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from application.projections.credit_places import NOWHERE, Places, moves, total
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
        return Places(*(getattr(self, place) for place in Places._fields))


class Statement:
    """One row per event of a ledger; its opening is the row from which the first balance follows."""

    table = Table(
        "statement",
        2,
        StatementRow,
        ("user_id", "version"),
        by_stream(lambda row: CreditLedger.id_for(row.user_id)),
    )
    events = named(
        CreditLedger.Opened,
        CreditLedger.Granted,
        CreditLedger.DebtRepaid,
        CreditLedger.Held,
        CreditLedger.Settled,
        CreditLedger.Reclaimed,
        CreditLedger.Expired,
        CreditLedger.Frozen,
        CreditLedger.Thawed,
        CreditLedger.Reversed,
        CreditLedger.ReversalCancelled,
        CreditLedger.Adjusted,
    )

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        """The row before, and its own: while one movement cannot be told, nor can those after it."""
        if isinstance(recorded.event, CreditLedger.Opened):
            return ()
        return ((recorded.owner, recorded.version - 1), (recorded.owner, recorded.version))

    def evolve(self, rows: Mapping[Key, StatementRow], recorded: Recorded) -> Mapping[Key, StatementRow]:
        user_id, version = owner(recorded), recorded.version
        opening = isinstance(recorded.event, CreditLedger.Opened)
        before = NOWHERE if opening else rows[user_id, version - 1].places
        change = total(moves(recorded.event).values())
        row = _told(recorded.event)._replace(
            user_id=user_id,
            version=version,
            change=change.available,
            recorded_at=recorded.recorded_at,
            position=recorded.position,
            **total([before, change])._asdict(),
        )
        return {(user_id, version): row}


_Details = Mapping[str, Any]

_UNTOLD = StatementRow(
    user_id=UUID(int=0),
    version=0,
    kind=Movement.OPENED,
    change=0,
    **NOWHERE._asdict(),
    credits=0,
    delivered=0,
    returned=0,
    taken=0,
    awaited=0,
    owed=0,
    lot_id=None,
    source=None,
    job_id=None,
    reference=None,
    recorded_at=datetime.min,  # noqa: DTZ901 - replaced in every row
    position=0,
)


def _told(event: Any) -> StatementRow:
    """What the event itself tells about the movement."""
    return _UNTOLD._replace(**_DETAILS[type(event)](event))


def _settled(event: CreditLedger.Settled) -> _Details:
    delivered, returned = sum(event.delivered.values()), sum(event.returned.values())
    return {
        "kind": Movement.SETTLED,
        "job_id": event.job_id,
        "credits": delivered + returned,
        "delivered": delivered,
        "returned": returned,
    }


def _reclaimed(event: CreditLedger.Reclaimed) -> _Details:
    taken = sum(event.taken.values())
    return {
        "kind": Movement.RECLAIMED,
        "lot_id": event.lot_id,
        "credits": taken + event.debt,
        "taken": taken,
        "awaited": -taken - event.debt,
        "owed": event.debt,
    }


def _disputed(kind: Movement) -> Callable[[CreditLedger.Frozen | CreditLedger.Thawed], _Details]:
    return lambda event: {
        "kind": kind,
        "lot_id": event.lot_id,
        "credits": sum(event.lots.values()),
        "reference": event.dispute_id,
    }


_DETAILS: Mapping[type[Any], Callable[[Any], _Details]] = {
    CreditLedger.Opened: lambda _opened: {"kind": Movement.OPENED},
    CreditLedger.Granted: lambda event: {
        "kind": Movement.GRANTED,
        "lot_id": event.lot_id,
        "source": event.source,
        "credits": event.credits,
        "reference": event.reference,
    },
    CreditLedger.DebtRepaid: lambda event: {
        "kind": Movement.DEBT_REPAID,
        "lot_id": event.lot_id,
        "credits": sum(event.debts.values()),
        "owed": -sum(event.debts.values()),
    },
    CreditLedger.Held: lambda event: {
        "kind": Movement.HELD,
        "job_id": event.job_id,
        "credits": sum(event.lots.values()),
    },
    CreditLedger.Settled: _settled,
    CreditLedger.Reclaimed: _reclaimed,
    CreditLedger.Expired: lambda event: {
        "kind": Movement.EXPIRED,
        "lot_id": event.lot_id,
        "credits": event.credits,
    },
    CreditLedger.Frozen: _disputed(Movement.FROZEN),
    CreditLedger.Thawed: _disputed(Movement.THAWED),
    CreditLedger.Reversed: lambda event: {
        "kind": Movement.REVERSED,
        "lot_id": event.lot_id,
        "credits": event.credits,
        "taken": sum(event.taken.values()),
        "awaited": event.awaited,
        "owed": event.debt,
        "reference": event.reversal_id,
    },
    CreditLedger.ReversalCancelled: lambda event: {
        "kind": Movement.REVERSAL_CANCELLED,
        "lot_id": event.lot_id,
        "credits": event.credits,
        "returned": event.restored,
        "awaited": -event.awaited,
        "owed": -event.debt,
        "reference": event.reversal_id,
    },
    CreditLedger.Adjusted: lambda event: {
        "kind": Movement.ADJUSTED,
        "credits": sum(event.lots.values()),
        "taken": sum(event.lots.values()),
        "reference": event.reason,
    },
}
