"""The rules of credits told a second time, credit by credit and plainly, to check the ledger by."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

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
    left: int
    family: UUID
    held: int = 0
    spent: int = 0
    expired: int = 0
    taken: int = 0
    repaid: int = 0


@dataclass
class PlainPurchase:
    """What became of the payment for a lot."""

    disputes: set[str] = field(default_factory=set)
    amounts: dict[str, int] = field(default_factory=dict)
    paid: int = 0
    got: int = 0
    charged: int = 0
    debt: int = 0

    def target(self, credits: int) -> int:
        return min(credits, credits * sum(self.amounts.values()) // self.paid) if self.amounts else 0


class PlainLedger:
    def __init__(self) -> None:
        self.lots: dict[UUID, PlainLot] = {}
        self.purchases: dict[UUID, PlainPurchase] = {}
        self.held: dict[UUID, list[UUID]] = {}
        """For each job, the lot of each of its credits."""
        self.ended: dict[UUID, tuple[int, int]] = {}
        """For each settled job, how many credits it held and how many photos it delivered."""
        self.said: dict[str | UUID, object] = {}
        """What was asked under each id of a dispute, a reversal or an adjustment."""
        self.over: set[str] = set()
        """Disputes that are thawed, reversals that are cancelled."""

    @property
    def jobs(self) -> dict[UUID, int]:
        """Every job that ever held credits, and how many."""
        return {job: len(lots) for job, lots in self.held.items()} | {
            job: held for job, (held, _) in self.ended.items()
        }

    @property
    def debt(self) -> int:
        return sum(purchase.debt for purchase in self.purchases.values())

    def grant(self, lot: UUID, source: str, credits: int, expires: datetime | None) -> str:
        if credits < 1:
            return NO_AMOUNT
        if lot in self.said:
            return CONFLICT
        if known := self.lots.get(lot):
            same = (known.source, known.granted, known.expires) == (source, credits, expires or NEVER)
            return REPEATED if same else CONFLICT
        self._add(lot, source, credits, expires or NEVER, lot)
        return DONE

    def hold(self, job: UUID, credits: int, now: datetime) -> str:
        if credits < 1:
            return NO_AMOUNT
        if job in self.jobs:
            return REPEATED if self.jobs[job] == credits else CONFLICT
        if self.debt or credits > self.available(now):
            return TOO_FEW
        self.held[job] = [self._take_one(now) for _ in range(credits)]
        for lot in self.held[job]:
            self.lots[lot].held += 1
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
                self.lots[lot].left += 1
        for lot in self.purchases:
            self._collect(lot)
        self.expire(now)
        return DONE

    def expire(self, now: datetime) -> None:
        for lot in self.lots.values():
            if lot.expires <= now:
                lot.expired += lot.left
                lot.left = 0

    def freeze(self, lot: UUID, dispute: str) -> str:
        if lot not in self.purchases:
            return UNKNOWN
        if dispute in self.said:
            return REPEATED if self.said[dispute] == lot else CONFLICT
        self.said[dispute] = lot
        self.purchases[lot].disputes.add(dispute)
        return DONE

    def thaw(self, dispute: str, now: datetime) -> str:
        if dispute not in self.said:
            return UNKNOWN
        if dispute in self.over:
            return REPEATED
        self.over.add(dispute)
        for purchase in self.purchases.values():
            purchase.disputes.discard(dispute)
        self.expire(now)
        return DONE

    def reverse(self, lot: UUID, reversal: str, amount: int, paid: int) -> str:
        if lot not in self.purchases:
            return UNKNOWN
        if amount < 1:
            return NO_AMOUNT
        if reversal in self.said:
            return REPEATED if self.said[reversal] == (lot, amount, paid) else CONFLICT
        if self.purchases[lot].paid not in (0, paid):
            return CONFLICT
        self.said[reversal] = (lot, amount, paid)
        self.purchases[lot].paid = paid
        self.purchases[lot].amounts[reversal] = amount
        self._collect(lot)
        return DONE

    def cancel(self, reversal: str) -> str:
        if reversal not in self.said:
            return UNKNOWN
        if reversal in self.over:
            return REPEATED
        self.over.add(reversal)
        lot = next(lot for lot, purchase in self.purchases.items() if reversal in purchase.amounts)
        purchase, granted = self.purchases[lot], self.lots[lot].granted
        awaited = min(self._count(lot, "held"), purchase.target(granted) - purchase.got - purchase.charged)
        del purchase.amounts[reversal]
        too_many = max(0, purchase.got + purchase.charged + awaited - purchase.target(granted))
        forgiven = min(too_many, purchase.debt)
        purchase.debt -= forgiven
        purchase.charged -= forgiven
        if (back := max(0, too_many - forgiven - awaited)) > 0:
            of_debt = min(back, purchase.charged)
            purchase.charged -= of_debt
            purchase.got -= back - of_debt
            self._add(uuid5(lot, f"restored/{reversal}"), "adjustment", back, self.lots[lot].expires, lot)
        return DONE

    def take_away(self, adjustment: UUID, credits: int, now: datetime) -> str:
        if credits < 1:
            return NO_AMOUNT
        if adjustment in self.said:
            return REPEATED if self.said[adjustment] == credits else CONFLICT
        if adjustment in self.lots:
            return CONFLICT
        if credits > self.available(now):
            return TOO_FEW
        self.said[adjustment] = credits
        for _ in range(credits):
            self.lots[self._take_one(now)].taken += 1
        return DONE

    def available(self, now: datetime) -> int:
        return sum(lot.left for key, lot in self.lots.items() if lot.expires > now and not self.frozen(key))

    def frozen(self, lot: UUID) -> bool:
        return bool((known := self.purchases.get(self.lots[lot].family)) and known.disputes)

    def _add(self, lot: UUID, source: str, credits: int, expires: datetime, family: UUID) -> None:
        self.lots[lot] = PlainLot(source, credits, expires, len(self.lots), credits, family)
        if source == "purchase":
            self.purchases[lot] = PlainPurchase()
        for purchase in self.purchases.values():
            repaid = min(purchase.debt, self.lots[lot].left)
            purchase.debt -= repaid
            self.lots[lot].left -= repaid
            self.lots[lot].repaid += repaid

    def _collect(self, purchased: UUID) -> None:
        """Whatever is asked back and not yet got is taken, or waits for what is held, or is owed."""
        purchase = self.purchases[purchased]
        wanted = purchase.target(self.lots[purchased].granted) - purchase.got - purchase.charged
        for lot in self.lots.values():
            if lot.family == purchased:
                part = min(lot.left, wanted)
                lot.left -= part
                lot.taken += part
                purchase.got += part
                wanted -= part
        used = self._count(purchased, "spent") + self._count(purchased, "repaid")
        owed = min(max(0, wanted - self._count(purchased, "held")), used - purchase.charged)
        purchase.charged += owed
        purchase.debt += owed

    def _count(self, family: UUID, place: str) -> int:
        return sum(getattr(lot, place) for lot in self.lots.values() if lot.family == family)

    def _take_one(self, now: datetime) -> UUID:
        usable = [
            key for key, lot in self.lots.items() if lot.left and lot.expires > now and not self.frozen(key)
        ]
        first = min(usable, key=lambda key: self._rank(self.lots[key]))
        self.lots[first].left -= 1
        return first

    def _rank(self, lot: PlainLot) -> tuple[datetime, int, int]:
        return (lot.expires, BURN_ORDER.index(lot.source), lot.age)
