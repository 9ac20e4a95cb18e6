"""Where an event of a ledger moves credits: what lots and statement both fold, so that they cannot disagree."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import add
from typing import Any, Final, NamedTuple
from uuid import UUID

from domain.credit_ledger import CreditLedger

MOVES: Final = (
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
"""The events that move credits."""


class Places(NamedTuple):
    """Credits by where they are; as a change, by how many more or fewer are there.

    Always: granted = available + held + frozen + spent + expired + taken back. Debt stands beside them: it is
    what was used and then reversed.
    """

    granted: int = 0
    available: int = 0
    held: int = 0
    frozen: int = 0
    spent: int = 0
    expired: int = 0
    taken_back: int = 0
    debt: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every credit is in one place, and none of them below zero."""
        granted, *places, _debt = self
        return granted == sum(places) and min(self) >= 0

    def plus(self, change: "Places") -> "Places":
        return Places._make(map(add, self, change))


NOWHERE = Places()


def total(several: Iterable[Places]) -> Places:
    """All of them together."""
    return Places(*map(sum, zip(NOWHERE, *several, strict=True)))


def movement(event: Any) -> Places:
    """What an event of a ledger changes, over all lots."""
    changed = NOWHERE
    for _, change in _MOVES[type(event)](event):
        changed = change if changed is NOWHERE else changed.plus(change)
    return changed


def moves(event: Any) -> Mapping[UUID, Places]:
    """What an event of a ledger changes, by lot. A lot that stays as it was is not among them."""
    found: dict[UUID, Places] = {}
    for lot_id, change in _MOVES[type(event)](event):
        found[lot_id] = total([found[lot_id], change]) if lot_id in found else change
    return {lot_id: change for lot_id, change in found.items() if change != NOWHERE}


_Moves = Iterable[tuple[UUID, Places]]


def _between(source: str, target: str) -> Callable[[int], Places]:
    """So many credits from one place to another. A rebuild asks for the same small numbers millions of times."""

    @lru_cache(maxsize=1024)
    def moved(credits: int) -> Places:
        return NOWHERE._replace(**{source: -credits, target: credits})

    return moved


_hold = _between("available", "held")
_spend = _between("held", "spent")
_give_back = _between("held", "available")
_freeze = _between("available", "frozen")
_thaw = _between("frozen", "available")
_take = _between("available", "taken_back")
_take_frozen = _between("frozen", "taken_back")


def _granted(event: CreditLedger.Granted) -> _Moves:
    return [(event.lot_id, Places(granted=event.credits, available=event.credits))]


def _debt_repaid(event: CreditLedger.DebtRepaid) -> _Moves:
    repaid = [(owing, Places(debt=-count)) for owing, count in event.debts.items()]
    return [(event.lot_id, _take(sum(event.debts.values()))), *repaid]


def _held(event: CreditLedger.Held) -> _Moves:
    return [(lot_id, _hold(count)) for lot_id, count in event.lots.items()]


def _settled(event: CreditLedger.Settled) -> _Moves:
    spent = [(lot_id, _spend(count)) for lot_id, count in event.delivered.items()]
    return spent + [(lot_id, _give_back(count)) for lot_id, count in event.returned.items()]


def _reclaimed(event: CreditLedger.Reclaimed) -> _Moves:
    taken = [(lot_id, _take(count)) for lot_id, count in event.taken.items()]
    return [*taken, (event.lot_id, Places(debt=event.debt))]


def _expired(event: CreditLedger.Expired) -> _Moves:
    unfrozen = event.credits - event.frozen
    return [(event.lot_id, Places(available=-unfrozen, frozen=-event.frozen, expired=event.credits))]


def _frozen(event: CreditLedger.Frozen) -> _Moves:
    return [(lot_id, _freeze(count)) for lot_id, count in event.lots.items()]


def _thawed(event: CreditLedger.Thawed) -> _Moves:
    return [(lot_id, _thaw(count)) for lot_id, count in event.lots.items()]


def _reversed(event: CreditLedger.Reversed) -> _Moves:
    take = _take_frozen if event.frozen else _take  # those of one payment are frozen all together, or not
    taken = [(lot_id, take(count)) for lot_id, count in event.taken.items()]
    return [*taken, (event.lot_id, Places(debt=event.debt))]


def _reversal_cancelled(event: CreditLedger.ReversalCancelled) -> _Moves:
    return [(event.lot_id, Places(debt=-event.debt))]


def _adjusted(event: CreditLedger.Adjusted) -> _Moves:
    return [(lot_id, _take(count)) for lot_id, count in event.lots.items()]


_MOVES: Mapping[type[Any], Callable[[Any], _Moves]] = {
    CreditLedger.Opened: lambda _opened: (),
    CreditLedger.Granted: _granted,
    CreditLedger.DebtRepaid: _debt_repaid,
    CreditLedger.Held: _held,
    CreditLedger.Settled: _settled,
    CreditLedger.Reclaimed: _reclaimed,
    CreditLedger.Expired: _expired,
    CreditLedger.Frozen: _frozen,
    CreditLedger.Thawed: _thawed,
    CreditLedger.Reversed: _reversed,
    CreditLedger.ReversalCancelled: _reversal_cancelled,
    CreditLedger.Adjusted: _adjusted,
}
