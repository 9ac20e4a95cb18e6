"""What the sandbox remembers: every checkout with what became of its money, and the messages about it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from secrets import token_hex
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct, field
from msgspec import json as msgspec_json

from application.errors import ApplicationError
from domain.offers import APP
from infrastructure.postgres.database import Database


class SandboxRefused(ApplicationError):
    """What was asked for cannot happen to this payment as it stands, as at a real provider."""

    def __init__(self, act: str) -> None:
        super().__init__(act)
        self.act = act


class Refund(Struct):
    refund_id: str
    amount: int
    status: str = "succeeded"


class Dispute(Struct):
    dispute_id: str
    amount: int
    status: str = "needs_response"


class Payment(Struct, kw_only=True):
    """One checkout. Amounts are in the currency's minor unit; statuses are Stripe's words."""

    session_id: str
    purchase_id: UUID
    user_id: UUID
    offer: str
    name: str
    quantity: int
    amount: int
    currency: str
    expires_at: datetime
    success_url: str
    cancel_url: str
    customer_id: str
    payment_id: str
    status: str = "open"
    payment_status: str = "unpaid"
    failure: str | None = None
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)

    @property
    def paid(self) -> bool:
        return self.payment_status == "paid"

    @property
    def processing(self) -> bool:
        """The customer has done their part, and the money is on its way."""
        return self.status == "complete" and not self.paid and self.failure is None

    @property
    def state(self) -> str:
        """In a word for people."""
        if self.paid or self.processing:
            return "paid" if self.paid else "processing"
        return "failed" if self.status == "complete" else self.status

    @property
    def refundable(self) -> int:
        back = sum(one.amount for one in self.refunds if one.status != "failed")
        return self.amount - back if self.paid else 0

    @property
    def kept(self) -> int:
        """What is left of the money after refunds and lost disputes; below zero if both took it."""
        return self.refundable - sum(one.amount for one in self.disputes if one.status == "lost")

    @property
    def metadata(self) -> dict[str, str]:
        return {"app": APP, "purchase_id": str(self.purchase_id), "user_id": str(self.user_id)}

    def told(self, kind: str, **more: Any) -> dict[str, Any]:
        """An object that belongs to it, as a message carries it."""
        return {"object": kind, "payment_intent": self.payment_id, "metadata": self.metadata, **more}

    def as_session(self) -> dict[str, Any]:
        return self.told(
            "checkout.session",
            id=self.session_id,
            status=self.status,
            payment_status=self.payment_status,
            client_reference_id=str(self.purchase_id),
            amount_total=self.amount,
            currency=self.currency,
        )


class Message(Struct):
    stripe_id: str
    body: str


Tell = Callable[[str, dict[str, Any]], None]
"""Writes down a message of this type about this object."""


def message(kind: str, about: dict[str, Any]) -> Message:
    """A new message, in Stripe's form."""
    stripe_id = f"evt_sandbox_{token_hex(12)}"
    body = {
        "id": stripe_id,
        "object": "event",
        "type": kind,
        "api_version": "sandbox",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": about},
    }
    return Message(stripe_id, json.dumps(body))


class Till(Protocol):
    """Where the sandbox keeps its checkouts and messages."""

    def open(self, payment: Payment) -> Payment:
        """A new checkout, or the one that this purchase has already."""
        ...

    def find(self, session_id: str) -> Payment | None: ...

    def find_by_payment(self, payment_id: str) -> Payment | None: ...

    def of_customer(self, customer_id: str) -> list[Payment]:
        """Newest first."""
        ...

    def since(self, since: datetime) -> list[Payment]:
        """Those opened or changed since then, the oldest first."""
        ...

    def changing(self, session_id: str, act: str) -> AbstractContextManager[tuple[Payment, Tell]]:
        """A checkout that nobody else changes meanwhile, and how to tell about it. Raises SandboxRefused."""
        ...

    def undelivered(self) -> list[Message]:
        """The oldest first."""
        ...

    def delivered(self, stripe_id: str) -> None: ...

    def told_since(self, since: datetime) -> list[str]:
        """The bodies of all messages since then, delivered or not."""
        ...


class PostgresTill:
    """Kept in the tables `stage.sandbox_payments` and `stage.sandbox_notices`, which only development fills."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, payment: Payment) -> Payment:
        self._database.execute(
            """
            INSERT INTO stage.sandbox_payments (session_id, purchase_id, payment_id, customer_id, document)
            VALUES (%s, %s, %s, %s, %s) ON CONFLICT (purchase_id) DO NOTHING
            """,
            [
                payment.session_id,
                payment.purchase_id,
                payment.payment_id,
                payment.customer_id,
                msgspec_json.encode(payment).decode(),
            ],
        )
        return self._one("WHERE purchase_id = %s", [payment.purchase_id]) or payment

    def find(self, session_id: str) -> Payment | None:
        return self._one("WHERE session_id = %s", [session_id])

    def find_by_payment(self, payment_id: str) -> Payment | None:
        return self._one("WHERE payment_id = %s", [payment_id])

    def of_customer(self, customer_id: str) -> list[Payment]:
        return self._many("WHERE customer_id = %s ORDER BY created_at DESC", [customer_id])

    def since(self, since: datetime) -> list[Payment]:
        return self._many("WHERE greatest(created_at, changed_at) >= %s ORDER BY created_at", [since])

    @contextmanager
    def changing(self, session_id: str, act: str) -> Iterator[tuple[Payment, Tell]]:
        with self._database.transaction():
            if (payment := self._one("WHERE session_id = %s FOR UPDATE", [session_id])) is None:
                raise SandboxRefused(act)
            yield payment, self._tell
            self._database.execute(
                """
                UPDATE stage.sandbox_payments SET document = %s, changed_at = clock_timestamp()
                WHERE session_id = %s
                """,
                [msgspec_json.encode(payment).decode(), session_id],
            )

    def undelivered(self) -> list[Message]:
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT stripe_id, body FROM stage.sandbox_notices WHERE delivered_at IS NULL ORDER BY created_at"
            ).fetchall()
        return [Message(*row) for row in rows]

    def delivered(self, stripe_id: str) -> None:
        self._database.execute(
            "UPDATE stage.sandbox_notices SET delivered_at = clock_timestamp() WHERE stripe_id = %s",
            [stripe_id],
        )

    def told_since(self, since: datetime) -> list[str]:
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT body FROM stage.sandbox_notices WHERE created_at >= %s ORDER BY created_at", [since]
            ).fetchall()
        return [body for (body,) in rows]

    def _tell(self, kind: str, about: dict[str, Any]) -> None:
        """Write a message down; it is sent once the change that it is about is durable."""
        told = message(kind, about)
        self._database.execute(
            "INSERT INTO stage.sandbox_notices (stripe_id, body) VALUES (%s, %s)", [told.stripe_id, told.body]
        )

    def _one(self, condition: str, parameters: list[Any]) -> Payment | None:
        found = self._many(condition, parameters)
        return found[0] if found else None

    def _many(self, condition: str, parameters: list[Any]) -> list[Payment]:
        with self._database.connection() as connection:
            rows = connection.execute(
                f"SELECT document::text FROM stage.sandbox_payments {condition}",  # noqa: S608 - ours above
                parameters,
            ).fetchall()
        return [msgspec_json.decode(text, type=Payment) for (text,) in rows]
