"""What a refund or a lost dispute takes back, and what is given back when it fails: arithmetic, no events.

A purchase and the lots that restored its credits after an earlier reversal are its *family*: they are one
payment's credits. Everything here follows from amounts added up, so the order in which refunds, disputes and
the ends of jobs arrive changes nothing in the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.lots import Lot, share


@dataclass(frozen=True)
class Reversal:
    """One refund or lost dispute of the payment for a lot."""

    lot_id: UUID
    amount: int
    """What was paid back, in minor units."""
    paid: int
    """What had been paid for the lot, in the same."""
    cancelled: bool = False


@dataclass(frozen=True)
class Dispute:
    lot_id: UUID
    open: bool


@dataclass(frozen=True)
class Claim:
    """How many credits a reversal gets, and from where."""

    taken: dict[UUID, int]
    """Credits left in a lot, by lot."""
    frozen: int
    """How many of those were frozen."""
    awaited: int
    """Credits that jobs hold: theirs until the jobs end."""
    debt: int
    """Credits that were used already."""

    @property
    def credits(self) -> int:
        return sum(self.taken.values()) + self.awaited + self.debt


@dataclass(frozen=True)
class Release:
    """What a cancelled reversal gives back, and how."""

    debt: int
    """No longer owed."""
    awaited: int
    """No longer awaited."""
    restored: int
    """Granted anew, since they were taken or repaid."""

    @property
    def credits(self) -> int:
        return self.debt + self.awaited + self.restored


def credits_for(credits: int, *, returned: int, paid: int) -> int:
    """How many of the credits go when so much of what was paid is returned (docs/domain.md, CreditLedger).

    Amounts are in the currency's minor unit. Never more than there were.
    """
    return min(credits, credits * returned // paid)


def reversed_credits(credits: int, reversals: Iterable[Reversal]) -> int:
    """How many credits of a lot are reversed after these."""
    standing = [reversal for reversal in reversals if not reversal.cancelled]
    if not standing:
        return 0
    return credits_for(credits, returned=sum(one.amount for one in standing), paid=standing[0].paid)


def claim(lot: Lot, family: Sequence[Lot], target: int) -> Claim:
    """What it takes for `target` credits of the lot to be reversed; its family has itself as the first.

    Credits left are taken at once; then held ones are awaited; then used ones become debt. Credits that
    expired or were adjusted away are nowhere to be had, and nobody owes them.
    """
    wanted = target - lot.reversed
    taken = share(wanted, {one.id: one.left for one in family})
    wanted -= sum(taken.values())
    awaited = min(wanted, sum(one.held for one in family) - lot.awaited)
    debt = min(wanted - awaited, sum(one.used for one in family) - lot.charged)
    frozen = sum(max(0, taken.get(one.id, 0) - one.available) for one in family)
    return Claim(taken, frozen, awaited, debt)


def reclaim(lot: Lot, family: Sequence[Lot], returned: Mapping[UUID, int]) -> tuple[dict[UUID, int], int]:
    """Of what the lot's reversals await: what they get of the credits that a job `returned`, and the debt.

    What other jobs still hold may come back yet; what nobody holds any more was spent.
    """
    taken = share(lot.awaited, {one.id: returned.get(one.id, 0) for one in family})
    still_awaited = lot.awaited - sum(taken.values())
    return taken, max(0, still_awaited - sum(one.held for one in family))


def release(lot: Lot, target: int) -> Release:
    """What it takes for no more than `target` credits of the lot to stay reversed: its debt goes first."""
    surplus = max(0, lot.reversed - target)
    debt = min(surplus, lot.debt)
    awaited = min(surplus - debt, lot.awaited)
    return Release(debt, awaited, restored=surplus - debt - awaited)
