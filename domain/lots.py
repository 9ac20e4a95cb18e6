"""Lots of credits and the order in which they burn: the arithmetic beneath the credit ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID


class Source(StrEnum):
    """Where a lot came from, in the order in which lots burn (docs/domain.md, CreditLedger)."""

    TRIAL = "trial"
    PROMO = "promo"
    ADJUSTMENT = "adjustment"
    PURCHASE = "purchase"


_BURN_ORDER = {source.value: rank for rank, source in enumerate(Source)}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Lot:
    """One grant of credits, and where each of them is now.

    Always: credits = available + held + frozen + spent + expired + taken back, none of them below zero.
    """

    id: UUID
    source: str
    credits: int
    expires_at: datetime | None
    reference: str
    sequence: int
    """How many lots were granted before it: the oldest burns first among equals."""
    restores: UUID | None
    """The purchase whose credits it gives back, after they had been reversed."""
    available: int
    held: int = 0
    frozen: int = 0
    spent: int = 0
    expired: int = 0
    taken_back: int = 0
    """By reversals, by adjustments, and to repay debt."""
    repaid: int = 0
    """Of those taken back, the ones that repaid debt: their owner has had the use of them."""
    frozen_by: tuple[str, ...] = ()
    """The disputes that are open on its payment."""
    reversed: int = 0
    """How many of this purchase's credits its reversals have taken, await, or made a debt."""
    awaited: int = 0
    """How many of those are held, and become debt if their jobs spend them."""
    charged: int = 0
    """How many of those became debt, whether it is repaid by now or not."""
    debt: int = 0
    """How many of those are still owed."""

    def usable(self, now: datetime) -> int:
        """How many credits can be held at `now`: none past the expiry, even before Expired is recorded."""
        return 0 if self.is_past_expiry(now) else self.available

    def is_past_expiry(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @property
    def paid_as(self) -> UUID:
        """The lot whose payment these credits are of: itself, or the purchase that it restores."""
        return self.restores or self.id

    @property
    def left(self) -> int:
        """Credits that no job has and nobody took: available, or frozen."""
        return self.available + self.frozen

    @property
    def used(self) -> int:
        """Credits that its owner has had the use of: a photo, or a debt repaid."""
        return self.spent + self.repaid

    @property
    def burn_order(self) -> tuple[datetime, int, int, str]:
        """Earliest expiry first (none last), then by source, then oldest, then id."""
        return (self.expires_at or _NEVER, _BURN_ORDER[self.source], self.sequence, str(self.id))


def burn(lots: Iterable[Lot], credits: int, now: datetime) -> dict[UUID, int]:
    """Which lots give `credits` at `now`, in burn order. The caller has checked that they suffice."""
    in_order = sorted(lots, key=lambda lot: lot.burn_order)
    return share(credits, {lot.id: lot.usable(now) for lot in in_order})


def split(held: Mapping[UUID, int], delivered: int) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Divide a hold into what is spent and what goes back, per lot, spending in the order it was burnt."""
    spent = share(delivered, held)
    returned = {lot_id: credits - spent.get(lot_id, 0) for lot_id, credits in held.items()}
    return spent, {lot_id: credits for lot_id, credits in returned.items() if credits}


def share(credits: int, places: Mapping[UUID, int]) -> dict[UUID, int]:
    """Take `credits` out of these places, one after the other, as far as they reach; untouched ones aside."""
    taken: dict[UUID, int] = {}
    for place, there in places.items():
        if part := min(credits, there):
            taken[place] = part
            credits -= part
    return taken
