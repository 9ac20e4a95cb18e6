"""Payments in memory: the sandbox with a till that forgets, and keys that are only remembered."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any
from uuid import UUID

from application.ports import Clock
from application.projections.fold import fold
from application.projections.money_movements import MoneyMovement, MoneyMovementRow, MoneyMovements
from application.projections.purchases import PurchaseRow, Purchases
from infrastructure.payments.sandbox_till import Message, Payment, SandboxRefused, Tell, message
from tests.fakes.world import World


@dataclass
class MemoryTill:
    payments: dict[str, Payment] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    turn: RLock = field(default_factory=RLock)

    def open(self, payment: Payment) -> Payment:
        with self.turn:
            return copy.deepcopy(self.payments.setdefault(payment.session_id, payment))

    def find(self, session_id: str) -> Payment | None:
        with self.turn:
            return copy.deepcopy(self.payments.get(session_id))

    def find_by_payment(self, payment_id: str) -> Payment | None:
        with self.turn:
            found = [one for one in self.payments.values() if one.payment_id == payment_id]
            return copy.deepcopy(found[0]) if found else None

    def of_customer(self, customer_id: str) -> list[Payment]:
        with self.turn:
            found = [one for one in self.payments.values() if one.customer_id == customer_id]
            return copy.deepcopy(found[::-1])

    def since(self, since: datetime) -> list[Payment]:  # noqa: ARG002 - a test is over sooner than that
        with self.turn:
            return copy.deepcopy(list(self.payments.values()))

    @contextmanager
    def changing(self, session_id: str, act: str) -> Iterator[tuple[Payment, Tell]]:
        with self.turn:
            if (payment := self.find(session_id)) is None:
                raise SandboxRefused(act)
            told: list[Message] = []
            yield payment, lambda kind, about: told.append(message(kind, about))
            self.payments[session_id] = payment
            self.messages += told

    def undelivered(self) -> list[Message]:
        with self.turn:
            return [one for one in self.messages if one.stripe_id not in self.sent]

    def delivered(self, stripe_id: str) -> None:
        self.sent.add(stripe_id)

    def told_since(self, since: datetime) -> list[str]:  # noqa: ARG002
        with self.turn:
            return [one.body for one in self.messages]


@dataclass
class MemoryPayloadKeys:
    clock: Clock
    lent: dict[UUID, datetime] = field(default_factory=dict)
    attached: dict[UUID, UUID] = field(default_factory=dict)

    def lend(self, key_id: UUID) -> None:
        self.lent.setdefault(key_id, self.clock.now() + timedelta(days=90))

    def attach(self, key_id: UUID, user_id: UUID) -> None:
        if self.lent.pop(key_id, None):
            self.attached[key_id] = user_id

    def destroy_unattached(self) -> int:
        over = [key_id for key_id, until in self.lent.items() if until <= self.clock.now()]
        for key_id in over:
            del self.lent[key_id]
        return len(over)


@dataclass
class FoldedPurchaseRecords:
    """Told from the projections, as the real ones are, and never behind."""

    world: World

    def started_between(self, since: datetime, until: datetime) -> list[UUID]:
        rows: list[PurchaseRow] = folded(Purchases(), self.world)
        return [row.purchase_id for row in rows if since <= row.started_at < until]

    def of_user(self, user_id: UUID) -> list[UUID]:
        rows: list[PurchaseRow] = folded(Purchases(), self.world)
        return [row.purchase_id for row in rows if row.user_id == user_id]

    def moved(self, since: datetime | None, until: datetime) -> dict[str, int]:
        rows: list[MoneyMovementRow] = folded(MoneyMovements(), self.world)
        sums: dict[str, int] = {}
        for row in rows:
            wanted = row.recorded_at < until and (since is None or row.recorded_at >= since)
            if wanted and row.kind is not MoneyMovement.PAYMENT_REFUSED:
                sums[row.kind.value] = sums.get(row.kind.value, 0) + row.amount
        return sums


def folded(projection: Any, world: World) -> list[Any]:
    """The rows of a projection at the end of the log."""
    rows: dict[Any, Any] = {}
    fold(projection, rows, [one for one in world.log if one.name in projection.events])
    return list(rows.values())
