"""The rules of credits told a second time, credit by credit and plainly, to check the ledger by."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

NEVER = datetime.max.replace(tzinfo=UTC)
BURN_ORDER = ["trial", "promo", "adjustment", "purchase"]

DONE, REPEATED, CONFLICT, TOO_FEW, UNKNOWN, NO_AMOUNT = (
    "done",
    "repeated",
    "conflict",
    "too few",
    "unknown",
    "no amount",
)
"""What can come of a command."""


@dataclass
class PlainLot:
    source: str
    granted: int
    expires: datetime
    age: int
    available: int
    held: int = 0
    spent: int = 0
    expired: int = 0


class PlainLedger:
    def __init__(self) -> None:
        self.lots: dict[UUID, PlainLot] = {}
        self.held: dict[UUID, list[UUID]] = {}
        """For each job, the lot of each of its credits."""
        self.ended: dict[UUID, tuple[int, int]] = {}
        """For each settled job, how many credits it held and how many photos it delivered."""

    @property
    def jobs(self) -> dict[UUID, int]:
        """Every job that ever held credits, and how many."""
        return {job: len(lots) for job, lots in self.held.items()} | {
            job: held for job, (held, _) in self.ended.items()
        }

    def grant(self, lot: UUID, source: str, credits: int, expires: datetime | None) -> str:
        if credits < 1:
            return NO_AMOUNT
        if known := self.lots.get(lot):
            same = (known.source, known.granted, known.expires) == (source, credits, expires or NEVER)
            return REPEATED if same else CONFLICT
        self.lots[lot] = PlainLot(source, credits, expires or NEVER, age=len(self.lots), available=credits)
        return DONE

    def hold(self, job: UUID, credits: int, now: datetime) -> str:
        if credits < 1:
            return NO_AMOUNT
        if job in self.jobs:
            return REPEATED if self.jobs[job] == credits else CONFLICT
        if credits > self.available(now):
            return TOO_FEW
        self.held[job] = [self._take_one(now) for _ in range(credits)]
        return DONE

    def settle(self, job: UUID, delivered: int, now: datetime) -> str:
        if job in self.ended:
            return REPEATED if self.ended[job][1] == delivered else CONFLICT
        if job not in self.held:
            return UNKNOWN
        if not 0 <= delivered <= len(self.held[job]):
            return NO_AMOUNT
        lots = self.held.pop(job)
        self.ended[job] = (len(lots), delivered)
        for number, lot in enumerate(lots):
            self.lots[lot].held -= 1
            if number < delivered:
                self.lots[lot].spent += 1
            else:
                self.lots[lot].available += 1
        self.expire(now)
        return DONE

    def expire(self, now: datetime) -> None:
        for lot in self.lots.values():
            if lot.expires <= now:
                lot.expired += lot.available
                lot.available = 0

    def available(self, now: datetime) -> int:
        return sum(lot.available for lot in self.lots.values() if lot.expires > now)

    def _take_one(self, now: datetime) -> UUID:
        usable = [key for key, lot in self.lots.items() if lot.available and lot.expires > now]
        first = min(usable, key=lambda key: self._rank(self.lots[key]))
        self.lots[first].available -= 1
        self.lots[first].held += 1
        return first

    def _rank(self, lot: PlainLot) -> tuple[datetime, int, int]:
        return (lot.expires, BURN_ORDER.index(lot.source), lot.age)
