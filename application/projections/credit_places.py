"""Where an event of a ledger moves credits: what lots and statement both fold, so that they cannot disagree."""

from collections.abc import Callable, Iterable, Mapping
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


def _granted(event: CreditLedger.Granted) -> _Moves:
    yield event.lot_id, Places(granted=event.credits, available=event.credits)


def _debt_repaid(event: CreditLedger.DebtRepaid) -> _Moves:
    repaid = sum(event.debts.values())
    yield event.lot_id, Places(available=-repaid, taken_back=repaid)
    for owing, count in event.debts.items():
        yield owing, Places(debt=-count)


def _held(event: CreditLedger.Held) -> _Moves:
    for lot_id, count in event.lots.items():
        yield lot_id, Places(available=-count, held=count)


def _settled(event: CreditLedger.Settled) -> _Moves:
    for lot_id, count in event.delivered.items():
        yield lot_id, Places(held=-count, spent=count)
    for lot_id, count in event.returned.items():
        yield lot_id, Places(held=-count, available=count)


def _reclaimed(event: CreditLedger.Reclaimed) -> _Moves:
    for lot_id, count in event.taken.items():
        yield lot_id, Places(available=-count, taken_back=count)
    yield event.lot_id, Places(debt=event.debt)


def _expired(event: CreditLedger.Expired) -> _Moves:
    unfrozen = event.credits - event.frozen
    yield event.lot_id, Places(available=-unfrozen, frozen=-event.frozen, expired=event.credits)


def _frozen(event: CreditLedger.Frozen) -> _Moves:
    for lot_id, count in event.lots.items():
        yield lot_id, Places(available=-count, frozen=count)


def _thawed(event: CreditLedger.Thawed) -> _Moves:
    for lot_id, count in event.lots.items():
        yield lot_id, Places(available=count, frozen=-count)


def _reversed(event: CreditLedger.Reversed) -> _Moves:
    for lot_id, count in event.taken.items():  # the credits of one payment are frozen all together, or not
        left = Places(frozen=-count) if event.frozen else Places(available=-count)
        yield lot_id, left._replace(taken_back=count)
    yield event.lot_id, Places(debt=event.debt)


def _reversal_cancelled(event: CreditLedger.ReversalCancelled) -> _Moves:
    yield event.lot_id, Places(debt=-event.debt)


def _adjusted(event: CreditLedger.Adjusted) -> _Moves:
    for lot_id, count in event.lots.items():
        yield lot_id, Places(available=-count, taken_back=count)


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
