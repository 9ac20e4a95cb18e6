"""A user's credits: granted in lots, held for jobs, and settled once with what was delivered."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from eventsourcing.domain import event

from domain.aggregate import Aggregate
from domain.errors import Conflict, DomainError
from domain.lots import Lot, Source, burn, split

TRIAL_CREDITS = 3
"""Granted once per mailbox, for life, when the address is verified (domain.md, Rules)."""


class InsufficientCredits(DomainError):
    def __init__(self, *, needed: int, available: int) -> None:
        super().__init__(needed, available)
        self.needed, self.available = needed, available


class NotACreditAmount(DomainError):
    """Credits are whole numbers above zero, and no more can be delivered than were held."""

    def __init__(self, credits: int) -> None:
        super().__init__(credits)
        self.credits = credits


class HoldNotFound(DomainError):
    def __init__(self, job_id: UUID) -> None:
        super().__init__(job_id)
        self.job_id = job_id


@dataclass(frozen=True)
class Settlement:
    """What is left of a hold once it is settled: its totals, in credits."""

    held: int
    delivered: int


class CreditLedger(Aggregate):
    class Opened(Aggregate.Created):
        user_id: UUID

    class Granted(Aggregate.Event):
        lot_id: UUID
        source: str
        credits: int
        expires_at: datetime | None
        reference: str

    class Held(Aggregate.Event):
        job_id: UUID
        lots: dict[UUID, int]

    class Settled(Aggregate.Event):
        job_id: UUID
        delivered: dict[UUID, int]
        returned: dict[UUID, int]

    class Expired(Aggregate.Event):
        lot_id: UUID
        credits: int

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

    @property
    def owner(self) -> UUID:
        return self.user_id

    def available(self, now: datetime) -> int:
        """How many credits a job could hold at `now`."""
        return sum(lot.usable(now) for lot in self.lots.values())

    def grant_trial(self) -> None:
        """The trial of domain.md: it never expires, and a second grant of it changes nothing."""
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
        """Add a lot. Raises Conflict if the lot exists with other content, NotACreditAmount below one."""
        if credits < 1:
            raise NotACreditAmount(credits)
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

    def hold(self, job_id: UUID, credits: int, now: datetime) -> None:
        """Set credits aside for a job, whole or not at all.

        Raises InsufficientCredits, NotACreditAmount, or Conflict if the job holds or held another amount.
        """
        if credits < 1:
            raise NotACreditAmount(credits)
        if (earlier := self._held_for(job_id)) is not None:
            if earlier != credits:
                raise Conflict(job_id)
            return
        if credits > (available := self.available(now)):
            raise InsufficientCredits(needed=credits, available=available)
        self._held(job_id, burn(self.lots.values(), credits, now))

    def settle(self, job_id: UUID, *, delivered: int, now: datetime) -> None:
        """End a hold: delivered photos are spent, all other credits return to the lots they came from.

        Raises HoldNotFound, NotACreditAmount, or Conflict if it was settled with another number.
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
        self.expire(now)

    def expire(self, now: datetime) -> None:
        """Record the expiry of every lot that is past it. Credits still held stay usable for their job."""
        for lot in self.lots.values():
            if lot.is_past_expiry(now) and lot.available:
                self._expired(lot.id, lot.available)

    def _held_for(self, job_id: UUID) -> int | None:
        if (held := self.holds.get(job_id)) is not None:
            return sum(held.values())
        if (settlement := self.settlements.get(job_id)) is not None:
            return settlement.held
        return None

    @event(Granted)
    def _granted(
        self, lot_id: UUID, source: str, credits: int, expires_at: datetime | None, reference: str
    ) -> None:
        self.lots[lot_id] = Lot(
            id=lot_id,
            source=source,
            credits=credits,
            expires_at=expires_at,
            reference=reference,
            sequence=len(self.lots),
            available=credits,
        )

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

    @event(Expired)
    def _expired(self, lot_id: UUID, credits: int) -> None:
        self.lots[lot_id].available -= credits
        self.lots[lot_id].expired += credits
