"""Lots of credits and the order in which they burn: the arithmetic beneath the credit ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID


class Source(StrEnum):
    """Where a lot came from, in the order in which lots burn (domain.md, CreditLedger)."""

    TRIAL = "trial"
    PROMO = "promo"
    ADJUSTMENT = "adjustment"
    PURCHASE = "purchase"


_BURN_ORDER = {source.value: rank for rank, source in enumerate(Source)}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Lot:
    """One grant of credits, and where each of them is now.

    Always: credits = available + held + spent + expired, none of them below zero.
    """

    id: UUID
    source: str
    credits: int
    expires_at: datetime | None
    reference: str
    sequence: int
    """How many lots were granted before it: the oldest burns first among equals."""
    available: int
    held: int = 0
    spent: int = 0
    expired: int = 0

    def usable(self, now: datetime) -> int:
        """How many credits can be held at `now`: none past the expiry, even before Expired is recorded."""
        return 0 if self.is_past_expiry(now) else self.available

    def is_past_expiry(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @property
    def burn_order(self) -> tuple[datetime, int, int, str]:
        """Earliest expiry first (none last), then by source, then oldest, then id."""
        return (self.expires_at or _NEVER, _BURN_ORDER[self.source], self.sequence, str(self.id))


def burn(lots: Iterable[Lot], credits: int, now: datetime) -> dict[UUID, int]:
    """Which lots give `credits` at `now`, in burn order. The caller has checked that they suffice."""
    burnt: dict[UUID, int] = {}
    for lot in sorted(lots, key=lambda lot: lot.burn_order):
        if credits and (taken := min(credits, lot.usable(now))):
            burnt[lot.id] = taken
            credits -= taken
    return burnt


def split(held: Mapping[UUID, int], delivered: int) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Divide a hold into what is spent and what goes back, per lot, spending in the order it was burnt."""
    spent: dict[UUID, int] = {}
    returned: dict[UUID, int] = {}
    for lot_id, credits in held.items():
        taken = min(credits, delivered)
        delivered -= taken
        if taken:
            spent[lot_id] = taken
        if credits > taken:
            returned[lot_id] = credits - taken
    return spent, returned
