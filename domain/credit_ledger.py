"""A user's credits: granted in lots, held for jobs, settled once, and taken back with the money paid for them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from eventsourcing.domain import event

from domain.aggregate import Aggregate
from domain.credit_errors import (
    DisputeNotFound,
    HoldNotFound,
    InsufficientCredits,
    NotACreditAmount,
    NotAPayment,
    PurchaseLotNotFound,
    ReasonNeeded,
    ReversalNotFound,
)
from domain.errors import Conflict
from domain.lots import Lot, Source, burn, share, split
from domain.reversals import Dispute, Reversal, claim, reclaim, release, reversed_credits

TRIAL_CREDITS = 3
"""Granted once per mailbox, for life, when the address is verified (docs/domain.md, Rules)."""
REASON_LENGTH = 200
"""The longest reason of an adjustment, in characters."""


@dataclass(frozen=True)
class Settlement:
    """What is left of a hold once it is settled: its totals, in credits."""

    held: int
    delivered: int


@dataclass(frozen=True)
class Adjustment:
    credits: int
    reason: str


class CreditLedger(Aggregate):
    class Opened(Aggregate.Created):
        user_id: UUID

    class Granted(Aggregate.Event):
        lot_id: UUID
        source: str
        credits: int
        expires_at: datetime | None
        reference: str
        restores: UUID | None = None

    class DebtRepaid(Aggregate.Event):
        lot_id: UUID
        debts: dict[UUID, int]

    class Held(Aggregate.Event):
        job_id: UUID
        lots: dict[UUID, int]

    class Settled(Aggregate.Event):
        job_id: UUID
        delivered: dict[UUID, int]
        returned: dict[UUID, int]

    class Reclaimed(Aggregate.Event):
        """What a purchase's reversals awaited, once its job has ended: some came back, some was spent."""

        lot_id: UUID
        taken: dict[UUID, int]
        debt: int

    class Expired(Aggregate.Event):
        lot_id: UUID
        credits: int
        frozen: int = 0

    class Frozen(Aggregate.Event):
        dispute_id: str
        lot_id: UUID
        lots: dict[UUID, int]

    class Thawed(Aggregate.Event):
        dispute_id: str
        lot_id: UUID
        lots: dict[UUID, int]

    class Reversed(Aggregate.Event):
        reversal_id: str
        lot_id: UUID
        amount: int
        paid: int
        credits: int
        taken: dict[UUID, int]
        frozen: int
        awaited: int
        debt: int

    class ReversalCancelled(Aggregate.Event):
        reversal_id: str
        lot_id: UUID
        credits: int
        debt: int
        awaited: int
        restored: int

    class Adjusted(Aggregate.Event):
        adjustment_id: UUID
        lots: dict[UUID, int]
        reason: str
        actor: str

    @classmethod
    def open(cls, user_id: UUID) -> "CreditLedger":
        ledger: CreditLedger = cls._create(cls.Opened, id=cls.id_for(user_id), user_id=user_id)
        return ledger

    @staticmethod
    def id_for(user_id: UUID) -> UUID:
        """The ledger's id, derived from the user's, so that each user has exactly one."""
        return uuid5(user_id, "credit-ledger")

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.lots: dict[UUID, Lot] = {}
        self.holds: dict[UUID, dict[UUID, int]] = {}
        self.settlements: dict[UUID, Settlement] = {}
        self.disputes: dict[str, Dispute] = {}
        self.reversals: dict[str, Reversal] = {}
        self.adjustments: dict[UUID, Adjustment] = {}

    @property
    def owner(self) -> UUID:
        return self.user_id

    @property
    def debt(self) -> int:
        """Credits that were used and then reversed: the next grant repays them first."""
        return sum(lot.debt for lot in self.lots.values())

    def available(self, now: datetime) -> int:
        """How many credits a job could hold at `now`, if there is no debt."""
        return sum(lot.usable(now) for lot in self.lots.values())

    def grant_trial(self) -> None:
        """The trial of docs/domain.md: it never expires, and a second grant of it changes nothing."""
        self.grant(uuid5(self.id, "trial"), Source.TRIAL, TRIAL_CREDITS, reference="trial")

    def grant(
        self,
        lot_id: UUID,
        source: Source,
        credits: int,
        *,
        expires_at: datetime | None = None,
        reference: str,
    ) -> None:
        """Add a lot, which first repays what is owed.

        Raises Conflict if the lot exists with other content, or NotACreditAmount below one.
        """
        if credits < 1:
            raise NotACreditAmount(credits)
        if lot_id in self.adjustments:
            raise Conflict(lot_id)
        if (lot := self.lots.get(lot_id)) is not None:
            if (lot.source, lot.credits, lot.expires_at, lot.reference) != (
                source.value,
                credits,
                expires_at,
                reference,
            ):
                raise Conflict(lot_id)
            return
        self._granted(lot_id, source.value, credits, expires_at, reference)
        self._repay_with(lot_id)

    def hold(self, job_id: UUID, credits: int, now: datetime) -> None:
        """Set credits aside for a job, whole or not at all.

        Raises InsufficientCredits (with a debt, whatever is available), NotACreditAmount, or Conflict if the
        job holds or held another amount.
        """
        if credits < 1:
            raise NotACreditAmount(credits)
        if (earlier := self._held_for(job_id)) is not None:
            if earlier != credits:
                raise Conflict(job_id)
            return
        if self.debt or credits > self.available(now):
            raise InsufficientCredits(needed=credits, available=self.available(now), debt=self.debt)
        self._held(job_id, burn(self.lots.values(), credits, now))

    def settle(self, job_id: UUID, *, delivered: int, now: datetime) -> None:
        """End a hold: delivered photos are spent, all other credits return to the lots they came from.

        From there they go on: to a reversal that awaits them, to the frozen ones of a disputed lot, or they
        expire. Raises HoldNotFound, NotACreditAmount, or Conflict if it was settled with another number.
        """
        if (settlement := self.settlements.get(job_id)) is not None:
            if settlement.delivered != delivered:
                raise Conflict(job_id)
            return
        if (held := self.holds.get(job_id)) is None:
            raise HoldNotFound(job_id)
        if not 0 <= delivered <= sum(held.values()):
            raise NotACreditAmount(delivered)
        spent, returned = split(held, delivered)
        self._settled(job_id, spent, returned)
        for purchase_id in dict.fromkeys(self.lots[lot_id].paid_as for lot_id in held):
            taken, debt = reclaim(self.lots[purchase_id], self._family(purchase_id), returned)
            if taken or debt:
                self._reclaimed(purchase_id, taken, debt)
        self._freeze_again(returned)
        self.expire(now)

    def expire(self, now: datetime) -> None:
        """Record the expiry of every lot that is past it. Credits still held stay usable for their job."""
        for lot in self.lots.values():
            if lot.is_past_expiry(now) and lot.left:
                self._expired(lot.id, lot.left, lot.frozen)

    def freeze(self, lot_id: UUID, dispute_id: str) -> None:
        """A dispute is open on a purchase: what is left of it, or returns to it, cannot be used meanwhile.

        Repeated, also after it was thawed, it changes nothing. Raises PurchaseLotNotFound or Conflict.
        """
        family = self._family(self._purchase(lot_id).id)
        if (earlier := self.disputes.get(dispute_id)) is not None:
            if earlier.lot_id != lot_id:
                raise Conflict(dispute_id)
            return
        self._frozen(dispute_id, lot_id, {lot.id: lot.available for lot in family})

    def thaw(self, dispute_id: str, now: datetime) -> None:
        """The dispute is over; without another one, what it froze can be used again, unless it has expired.

        Repeated, it changes nothing. Raises DisputeNotFound.
        """
        if (dispute := self.disputes.get(dispute_id)) is None:
            raise DisputeNotFound(dispute_id)
        if not dispute.open:
            return
        disputed = [lot for lot in self.lots.values() if dispute_id in lot.frozen_by]
        thawed = {lot.id: lot.frozen if len(lot.frozen_by) == 1 else 0 for lot in disputed}
        self._thawed(dispute_id, dispute.lot_id, thawed)
        self.expire(now)

    def reverse(self, lot_id: UUID, reversal_id: str, *, amount: int, paid: int) -> None:
        """Of the `paid` for a purchase, `amount` went back by this refund or lost dispute, in minor units.

        What is left of its credits is taken at once, held ones when their jobs end; used ones become debt.
        Raises PurchaseLotNotFound, NotAPayment, or Conflict if the reversal, or the lot's price, was another.
        """
        lot = self._purchase(lot_id)
        if amount < 1 or paid < 1:
            raise NotAPayment(amount, paid)
        reversal = Reversal(lot_id, amount, paid)
        if (earlier := self.reversals.get(reversal_id)) is not None:
            if replace(earlier, cancelled=False) != reversal:
                raise Conflict(reversal_id)
            return
        others = self._reversals_of(lot_id)
        if any(other.paid != paid for other in others):
            raise Conflict(lot_id)
        got = claim(lot, self._family(lot_id), reversed_credits(lot.credits, [*others, reversal]))
        self._reversed(
            reversal_id, lot_id, amount, paid, got.credits, got.taken, got.frozen, got.awaited, got.debt
        )

    def cancel_reversal(self, reversal_id: str) -> None:
        """The refund failed, or the dispute was won after all: the reversal is undone as far as it stands.

        Its debt goes first, the rest is granted as an adjustment, which repays other debt as any grant does.
        Repeated, it changes nothing. Raises ReversalNotFound.
        """
        if (reversal := self.reversals.get(reversal_id)) is None:
            raise ReversalNotFound(reversal_id)
        if reversal.cancelled:
            return
        lot = self.lots[reversal.lot_id]
        others = [other for other in self._reversals_of(lot.id) if other is not reversal]
        back = release(lot, reversed_credits(lot.credits, others))
        self._reversal_cancelled(reversal_id, lot.id, back.credits, back.debt, back.awaited, back.restored)
        if back.restored:
            restored_id = uuid5(lot.id, f"restored/{reversal_id}")
            self._granted(
                restored_id, Source.ADJUSTMENT.value, back.restored, lot.expires_at, reversal_id, lot.id
            )
            self._repay_with(restored_id)
            for dispute_id in lot.frozen_by:
                restored = self.lots[restored_id]
                self._frozen(dispute_id, lot.id, {restored_id: restored.available})

    def take_away(self, adjustment_id: UUID, credits: int, *, reason: str, actor: str, now: datetime) -> None:
        """Take available credits away, in the order in which they would burn; all of them, or none.

        Raises ReasonNeeded, NotACreditAmount, InsufficientCredits, or Conflict if it was another adjustment.
        """
        reason = checked_reason(reason)
        if credits < 1:
            raise NotACreditAmount(credits)
        if (earlier := self.adjustments.get(adjustment_id)) is not None:
            if earlier != Adjustment(credits, reason):
                raise Conflict(adjustment_id)
            return
        if adjustment_id in self.lots:
            raise Conflict(adjustment_id)
        if credits > (available := self.available(now)):
            raise InsufficientCredits(needed=credits, available=available, debt=self.debt)
        self._adjusted(adjustment_id, burn(self.lots.values(), credits, now), reason, actor)

    def _held_for(self, job_id: UUID) -> int | None:
        if (held := self.holds.get(job_id)) is not None:
            return sum(held.values())
        if (settlement := self.settlements.get(job_id)) is not None:
            return settlement.held
        return None

    def _purchase(self, lot_id: UUID) -> Lot:
        """Raises PurchaseLotNotFound."""
        if (lot := self.lots.get(lot_id)) is None or lot.source != Source.PURCHASE:
            raise PurchaseLotNotFound(lot_id)
        return lot

    def _family(self, lot_id: UUID) -> list[Lot]:
        """A lot, and what restored its credits."""
        return [lot for lot in self.lots.values() if lot.paid_as == lot_id]

    def _reversals_of(self, lot_id: UUID) -> list[Reversal]:
        return [reversal for reversal in self.reversals.values() if reversal.lot_id == lot_id]

    def _repay_with(self, lot_id: UUID) -> None:
        """The oldest lot's debt is repaid first."""
        debts = {lot.id: lot.debt for lot in self.lots.values()}
        if repaid := share(self.lots[lot_id].available, debts):
            self._debt_repaid(lot_id, repaid)

    def _freeze_again(self, lots: Iterable[UUID]) -> None:
        """What has returned to a disputed lot is as disputed as all the rest of it."""
        for lot in [self.lots[lot_id] for lot_id in lots]:
            if lot.frozen_by and lot.available:
                self._frozen(lot.frozen_by[0], lot.paid_as, {lot.id: lot.available})

    @event(Granted)
    def _granted(
        self,
        lot_id: UUID,
        source: str,
        credits: int,
        expires_at: datetime | None,
        reference: str,
        restores: UUID | None = None,
    ) -> None:
        self.lots[lot_id] = Lot(
            id=lot_id,
            source=source,
            credits=credits,
            expires_at=expires_at,
            reference=reference,
            sequence=len(self.lots),
            restores=restores,
            available=credits,
        )

    @event(DebtRepaid)
    def _debt_repaid(self, lot_id: UUID, debts: dict[UUID, int]) -> None:
        lot, repaid = self.lots[lot_id], sum(debts.values())
        lot.available -= repaid
        lot.taken_back += repaid
        lot.repaid += repaid
        for owing, credits in debts.items():
            self.lots[owing].debt -= credits

    @event(Held)
    def _held(self, job_id: UUID, lots: dict[UUID, int]) -> None:
        self.holds[job_id] = lots
        for lot_id, credits in lots.items():
            self.lots[lot_id].available -= credits
            self.lots[lot_id].held += credits

    @event(Settled)
    def _settled(self, job_id: UUID, delivered: dict[UUID, int], returned: dict[UUID, int]) -> None:
        del self.holds[job_id]
        spent = sum(delivered.values())
        self.settlements[job_id] = Settlement(held=spent + sum(returned.values()), delivered=spent)
        for lot_id, credits in delivered.items():
            self.lots[lot_id].held -= credits
            self.lots[lot_id].spent += credits
        for lot_id, credits in returned.items():
            self.lots[lot_id].held -= credits
            self.lots[lot_id].available += credits

    @event(Reclaimed)
    def _reclaimed(self, lot_id: UUID, taken: dict[UUID, int], debt: int) -> None:
        for taken_id, part in taken.items():
            self.lots[taken_id].available -= part
            self.lots[taken_id].taken_back += part
        purchase = self.lots[lot_id]
        purchase.awaited -= sum(taken.values()) + debt
        purchase.charged += debt
        purchase.debt += debt

    @event(Expired)
    def _expired(self, lot_id: UUID, credits: int, frozen: int = 0) -> None:
        lot = self.lots[lot_id]
        lot.available -= credits - frozen
        lot.frozen -= frozen
        lot.expired += credits

    @event(Frozen)
    def _frozen(self, dispute_id: str, lot_id: UUID, lots: dict[UUID, int]) -> None:
        self.disputes[dispute_id] = Dispute(lot_id, open=True)
        for disputed_id, credits in lots.items():
            lot = self.lots[disputed_id]
            lot.available -= credits
            lot.frozen += credits
            if dispute_id not in lot.frozen_by:
                lot.frozen_by = (*lot.frozen_by, dispute_id)

    @event(Thawed)
    def _thawed(self, dispute_id: str, lot_id: UUID, lots: dict[UUID, int]) -> None:
        self.disputes[dispute_id] = Dispute(lot_id, open=False)
        for disputed_id, credits in lots.items():
            lot = self.lots[disputed_id]
            lot.frozen -= credits
            lot.available += credits
            lot.frozen_by = tuple(other for other in lot.frozen_by if other != dispute_id)

    @event(Reversed)
    def _reversed(
        self,
        reversal_id: str,
        lot_id: UUID,
        amount: int,
        paid: int,
        credits: int,
        taken: dict[UUID, int],
        frozen: int,
        awaited: int,
        debt: int,
    ) -> None:
        self.reversals[reversal_id] = Reversal(lot_id, amount, paid)
        for taken_id, part in taken.items():
            lot = self.lots[taken_id]
            from_available = min(part, lot.available)
            lot.available -= from_available
            lot.frozen -= part - from_available
            lot.taken_back += part
        purchase = self.lots[lot_id]
        purchase.reversed += credits
        purchase.awaited += awaited
        purchase.charged += debt
        purchase.debt += debt

    @event(ReversalCancelled)
    def _reversal_cancelled(
        self,
        reversal_id: str,
        lot_id: UUID,
        credits: int,
        debt: int,
        awaited: int,
        restored: int,
    ) -> None:
        self.reversals[reversal_id] = replace(self.reversals[reversal_id], cancelled=True)
        purchase = self.lots[lot_id]
        purchase.reversed -= credits
        purchase.awaited -= awaited
        purchase.debt -= debt
        purchase.charged = max(purchase.debt, purchase.charged - debt - restored)

    @event(Adjusted)
    def _adjusted(self, adjustment_id: UUID, lots: dict[UUID, int], reason: str, actor: str) -> None:
        self.adjustments[adjustment_id] = Adjustment(sum(lots.values()), reason)
        for lot_id, credits in lots.items():
            self.lots[lot_id].available -= credits
            self.lots[lot_id].taken_back += credits


def checked_reason(reason: str) -> str:
    """Without blanks around it and signs that nobody sees. Raises ReasonNeeded when it is empty or too long.

    It is not sealed, and no database keeps a NUL in a text.
    """
    trimmed = "".join(sign for sign in reason if sign.isprintable()).strip()
    if not 1 <= len(trimmed) <= REASON_LENGTH:
        raise ReasonNeeded(len(trimmed), REASON_LENGTH)
    return trimmed
