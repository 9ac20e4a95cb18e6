"""The rules of credits told a second time, credit by credit and plainly, to check the ledger by."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

NEVER = datetime.max.replace(tzinfo=UTC)
BURN_ORDER = ["trial", "promo", "adjustment", "purchase"]


@dataclass
class PlainLot:
    source: str
    granted: int
    expires: datetime
    family: UUID
    """The lot that was paid for: itself, or the one whose credits it restores."""
    paid: int = 1
    amounts: dict[str, int] = field(default_factory=dict)
    disputes: set[str] = field(default_factory=set)

    @property
    def asked_back(self) -> int:
        return min(self.granted, self.granted * sum(self.amounts.values()) // self.paid)


@dataclass
class Credit:
    lot: PlainLot
    at: str | UUID = "left"
    """left, spent, repaid, expired, adjusted, reversed, given back after that, or the job that holds it."""
    charge: str = ""  # owed, or paid: what was used, and then asked back


class PlainLedger:
    def __init__(self) -> None:
        self.lots: dict[UUID, PlainLot] = {}
        self.credits: list[Credit] = []

    @property
    def debt(self) -> int:
        return sum(one.charge == "owed" for one in self.credits)

    def grant(self, lot: UUID, source: str, credits: int, expires: datetime, family: UUID) -> None:
        self.lots[lot] = PlainLot(source, credits, expires, family)
        self.credits += [Credit(self.lots[lot]) for _ in range(credits)]
        owed = [one for one in self.credits if one.charge == "owed"]
        for mine, other in zip(self.credits[-credits:], owed, strict=False):
            mine.at, other.charge = "repaid", "paid"

    def usable(self, now: datetime) -> list[Credit]:
        left = [one for one in self.credits if one.at == "left" and one.lot.expires > now]
        return in_burn_order([one for one in left if not self.lots[one.lot.family].disputes])

    def take(self, place: str | UUID, credits: int, now: datetime) -> None:
        for one in self.usable(now)[:credits]:
            one.at = place

    def settle(self, job: UUID, delivered: int, now: datetime) -> None:
        for number, one in enumerate(in_burn_order([one for one in self.credits if one.at == job])):
            one.at = "spent" if number < delivered else "left"
        for lot in self.lots:
            self.collect(lot)
        self.expire(now)

    def expire(self, now: datetime) -> None:
        for one in self.credits:
            if one.at == "left" and one.lot.expires <= now:
                one.at = "expired"

    def collect(self, lot: UUID) -> None:
        """What is asked back is taken where it is left, waited for where it is held, owed where it was used."""
        family = [one for one in self.credits if one.lot.family == lot]
        wanted = self.lots[lot].asked_back - sum(one.at == "reversed" or one.charge != "" for one in family)
        left = [one for one in family if one.at == "left"][: max(0, wanted)]
        for one in left:
            one.at = "reversed"
        wanted -= len(left) + sum(isinstance(one.at, UUID) for one in family)
        used = [one for one in family if one.at in ("spent", "repaid") and not one.charge]
        for one in used[: max(0, wanted)]:
            one.charge = "owed"

    def cancel(self, lot: UUID, reversal: str) -> None:
        """What is no longer asked back is not owed and not waited for any more; what was taken is granted anew."""
        family = [one for one in self.credits if one.lot.family == lot]
        taken = [one for one in family if one.at == "reversed" or one.charge]
        awaited = min(sum(isinstance(one.at, UUID) for one in family), self.lots[lot].asked_back - len(taken))
        del self.lots[lot].amounts[reversal]
        surplus = max(0, len(taken) + awaited - self.lots[lot].asked_back)
        owed = sum(one.charge == "owed" for one in family)
        back = max(0, surplus - owed - awaited)
        taken.sort(key=lambda one: ["owed", "paid", ""].index(one.charge))
        for one in taken[: min(surplus, owed) + back]:
            one.at, one.charge = (one.at if one.charge else "given back"), ""
        if back:
            self.grant(uuid5(lot, f"restored/{reversal}"), "adjustment", back, self.lots[lot].expires, lot)


def in_burn_order(credits: list[Credit]) -> list[Credit]:
    return sorted(credits, key=lambda one: (one.lot.expires, BURN_ORDER.index(one.lot.source)))
