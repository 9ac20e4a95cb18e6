"""What the stand-in for Stripe keeps: prices, sessions, intents, charges, refunds, disputes and its messages."""

import itertools
import time
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

Object = dict[str, Any]
UNFAIR = "fraudulent"


@dataclass
class Book:
    """Objects by id, as Stripe's API shows them, and what a test can make happen to them.

    Each act tells about itself by messages, in `messages`, that a test delivers as it likes.
    """

    livemode: bool = False
    objects: dict[str, Object] = field(default_factory=dict)
    messages: list[Object] = field(default_factory=list)
    turn: RLock = field(default_factory=RLock)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(self, kind: str, prefix: str, **values: Any) -> Object:
        with self.turn:
            number = next(self._numbers)
            made: Object = {
                "id": f"{prefix}_{number:06d}",
                "object": kind,
                "created": int(time.time()),
                "livemode": self.livemode,
                **values,
            }
            self.objects[made["id"]] = made
            return made

    def of(self, kind: str) -> list[Object]:
        """Newest first, as Stripe lists them."""
        with self.turn:
            return [one for one in reversed(self.objects.values()) if one["object"] == kind]

    def add_price(self, parameters: Object) -> Object:
        product = self.add(
            "product",
            "prod",
            name=parameters["product_data"]["name"],
            metadata=parameters.get("metadata", {}),
        )
        return self.add(
            "price",
            "price",
            active=True,
            billing_scheme="per_unit",
            currency=parameters["currency"],
            unit_amount=int(parameters["unit_amount"]),
            unit_amount_decimal=parameters["unit_amount"],
            lookup_key=parameters.get("lookup_key"),
            metadata=dict(parameters.get("metadata", {})),
            nickname=parameters.get("nickname"),
            product=product["id"],
            recurring=None,
            type="one_time",
        )

    def open_session(self, parameters: Object) -> Object:
        (line,) = parameters["line_items"].values()
        price = self.objects[line["price"]]
        quantity = int(line["quantity"])
        amount = price["unit_amount"] * quantity
        session = self.add(
            "checkout.session",
            "cs_test",
            amount_subtotal=amount,
            amount_total=amount,
            cancel_url=parameters.get("cancel_url"),
            client_reference_id=parameters.get("client_reference_id"),
            currency=price["currency"],
            customer=parameters.get("customer"),
            expires_at=int(parameters.get("expires_at", time.time() + 86_400)),
            metadata=parameters.get("metadata", {}),
            mode=parameters["mode"],
            payment_intent=None,
            payment_status="unpaid",
            status="open",
            success_url=parameters.get("success_url"),
        )
        session["url"] = f"https://checkout.stripe.test/c/pay/{session['id']}"
        session["_line_items"] = [{"price": price["id"], "quantity": quantity, "amount_total": amount}]
        session["_intent_metadata"] = parameters.get("payment_intent_data", {}).get("metadata", {})
        return session

    # What customer and bank do.

    def pay(self, session_id: str) -> None:
        """The customer's card is charged."""
        session = self._completed(session_id)
        self._charge(session)
        session["payment_status"] = "paid"
        self.tell("payment_intent.succeeded", self.objects[session["payment_intent"]])
        self.tell("checkout.session.completed", session)

    def pay_later(self, session_id: str) -> None:
        """The customer pays by a transfer that takes days."""
        session = self._completed(session_id)
        self.objects[session["payment_intent"]]["status"] = "processing"
        self.tell("checkout.session.completed", session)

    def arrive(self, session_id: str) -> None:
        """That transfer arrives."""
        session = self.objects[session_id]
        self._charge(session)
        session["payment_status"] = "paid"
        self.tell("checkout.session.async_payment_succeeded", session)

    def bounce(self, session_id: str) -> None:
        """That transfer never arrives."""
        session = self.objects[session_id]
        self._fail(session, "payment_failed")
        self.tell("checkout.session.async_payment_failed", session)

    def decline(self, session_id: str) -> None:
        """The card is declined; the customer may try another one."""
        session = self.objects[session_id]
        self._intent(session)
        self._fail(session, "card_declined")

    def expire(self, session_id: str) -> None:
        """Nobody paid in time."""
        session = self.objects[session_id]
        session.update(status="expired", url=None)
        self.tell("checkout.session.expired", session)

    def refund(self, session_id: str, amount: int | None = None) -> str:
        """Money goes back, all that is left of it by default; the refund's id."""
        charge = self._charge_of(session_id)
        amount = charge["amount"] - charge["amount_refunded"] if amount is None else amount
        refund = self.add(
            "refund",
            "re",
            amount=amount,
            charge=charge["id"],
            currency=charge["currency"],
            payment_intent=charge["payment_intent"],
            status="succeeded",
        )
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.tell("refund.created", refund)
        self.tell("charge.refunded", charge)
        return str(refund["id"])

    def fail_refund(self, session_id: str, refund_id: str) -> None:
        """The customer's bank sends a refund back."""
        refund = self.objects[refund_id]
        refund["status"] = "failed"
        self._charge_of(session_id)["amount_refunded"] -= refund["amount"]
        self.tell("refund.updated", refund)
        self.tell("refund.failed", refund)

    def dispute(self, session_id: str, amount: int | None = None) -> str:
        """The customer asks their bank for the money, all of it by default; the dispute's id."""
        charge = self._charge_of(session_id)
        dispute = self.add(
            "dispute",
            "du",
            amount=charge["amount"] if amount is None else amount,
            charge=charge["id"],
            currency=charge["currency"],
            payment_intent=charge["payment_intent"],
            reason=UNFAIR,
            status="needs_response",
        )
        charge["disputed"] = True
        self.tell("charge.dispute.created", dispute)
        self.tell("charge.dispute.funds_withdrawn", dispute)
        return str(dispute["id"])

    def close_dispute(self, session_id: str, dispute_id: str, *, won: bool) -> None:  # noqa: ARG002
        """The bank decides, or changes what it decided before."""
        dispute = self.objects[dispute_id]
        dispute["status"] = "won" if won else "lost"
        if won:
            self.tell("charge.dispute.funds_reinstated", dispute)
        self.tell("charge.dispute.closed", dispute)

    def inquire(self, session_id: str) -> str:
        """The bank only asks; no money is withdrawn."""
        dispute_id = self.dispute(session_id)
        self.objects[dispute_id]["status"] = "warning_needs_response"
        return dispute_id

    def warn(self, session_id: str) -> None:
        """The card's issuer suspects fraud."""
        charge = self._charge_of(session_id)
        warning = self.add(
            "radar.early_fraud_warning",
            "issfr",
            actionable=True,
            charge=charge["id"],
            fraud_type="made_with_stolen_card",
            payment_intent=charge["payment_intent"],
        )
        self.tell("radar.early_fraud_warning.created", warning)

    def tell(self, kind: str, about: Object) -> Object:
        """A message that something happened, with the object as it is now."""
        message = self.add(
            "event",
            "evt",
            api_version="2026-10-28.endive",
            data={"object": {name: value for name, value in about.items() if not name.startswith("_")}},
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
            type=kind,
        )
        self.messages.append(message)
        return message

    def _completed(self, session_id: str) -> Object:
        session = self.objects[session_id]
        self._intent(session)
        if session["customer"] is None:
            session["customer"] = self.add("customer", "cus")["id"]
        session.update(status="complete", url=None)
        return session

    def _intent(self, session: Object) -> Object:
        if session["payment_intent"] is None:
            intent = self.add(
                "payment_intent",
                "pi",
                amount=session["amount_total"],
                amount_received=0,
                currency=session["currency"],
                last_payment_error=None,
                latest_charge=None,
                metadata=session["_intent_metadata"],
                status="requires_payment_method",
            )
            session["payment_intent"] = intent["id"]
        return self.objects[session["payment_intent"]]

    def _charge(self, session: Object) -> None:
        intent = self._intent(session)
        charge = self.add(
            "charge",
            "ch",
            amount=session["amount_total"],
            amount_refunded=0,
            currency=session["currency"],
            disputed=False,
            metadata=intent["metadata"],
            paid=True,
            payment_intent=intent["id"],
            receipt_url=f"https://pay.stripe.test/receipts/{intent['id']}",
            refunded=False,
            status="succeeded",
        )
        intent.update(
            amount_received=intent["amount"],
            last_payment_error=None,
            latest_charge=charge["id"],
            status="succeeded",
        )

    def _fail(self, session: Object, code: str) -> None:
        intent = self._intent(session)
        intent.update(
            last_payment_error={"code": code, "type": "card_error"}, status="requires_payment_method"
        )
        self.tell("payment_intent.payment_failed", intent)

    def _charge_of(self, session_id: str) -> Object:
        intent = self.objects[self.objects[session_id]["payment_intent"]]
        return self.objects[intent["latest_charge"]]
