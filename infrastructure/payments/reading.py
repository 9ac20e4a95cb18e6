"""Stripe's objects, as plain dictionaries, read into what purchases understand; nothing here calls anybody."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from application.payments import Found, Session
from application.their_payments import Outcome, SessionStatus, TheirDispute, TheirPayment, TheirRefund
from domain.offers import APP, OFFERS
from domain.personal import Personal

Told = Mapping[str, Any]

_FAILED_REFUNDS = frozenset({"failed", "canceled"})
_OUTCOMES = {
    "warning_needs_response": Outcome.INQUIRY,
    "warning_under_review": Outcome.INQUIRY,
    "warning_closed": Outcome.WON,
    "prevented": Outcome.WON,
    "charge_refunded": Outcome.WON,
    "won": Outcome.WON,
    "lost": Outcome.LOST,
}
"""https://docs.stripe.com/api/disputes/object#dispute_object-status; any other means that it is open.

Versions before 2022 also ended disputes of refunded charges by charge_refunded: the money is with the refund.
"""


def session(told: Told) -> Session:
    return Session(str(told["id"]), told.get("url") if told.get("status") == "open" else None)


def found(told: Told) -> Found | None:
    """The purchase of a session; None if the session is not one of ours."""
    purchase_id = _purchase_id(told)
    return Found(str(told["id"]), purchase_id) if purchase_id else None


def found_by_intent(intent: Told) -> Found | None:
    """The purchase of a payment intent, by what we had its session write on it; None if it is not one of ours."""
    purchase_id = _purchase_id(intent)
    return Found(None, purchase_id, str(intent["id"])) if purchase_id else None


def payment(
    told: Told, intent: Told | None, refunds: Iterable[TheirRefund], disputes: Iterable[TheirDispute]
) -> TheirPayment:
    """A session with its line items, its payment intent if it has one, and what became of the money."""
    metadata = told.get("metadata") or {}
    price, quantity = _sold(told.get("line_items") or {})
    paid = told.get("payment_status") == "paid"
    return TheirPayment(
        session_id=str(told["id"]),
        status=_status(told),
        paid=paid,
        payment_id=str(intent["id"]) if intent else None,
        app=str(metadata.get("app", "")),
        user_id=str(metadata.get("user_id", "")),
        offer=price,
        quantity=quantity,
        amount=int(told.get("amount_total") or 0),
        currency=str(told.get("currency") or ""),
        livemode=bool(told.get("livemode")),
        customer_id=_id(told.get("customer")),
        receipt=_receipt(intent),
        failure=None if paid else _failure(intent),
        contradictions=tuple(_contradictions(told, intent or {})),
        refunds=tuple(refunds),
        disputes=tuple(disputes),
    )


def refund(told: Told) -> TheirRefund:
    """One on its way counts: the money has left our balance."""
    return TheirRefund(str(told["id"]), int(told["amount"]), failed=told.get("status") in _FAILED_REFUNDS)


def dispute(told: Told) -> TheirDispute:
    return TheirDispute(
        str(told["id"]), int(told["amount"]), _OUTCOMES.get(str(told.get("status")), Outcome.OPEN)
    )


def _status(told: Told) -> SessionStatus:
    """One that we do not know ends nothing, so it is open."""
    try:
        return SessionStatus(str(told.get("status")))
    except ValueError:
        return SessionStatus.OPEN


def _purchase_id(told: Told) -> UUID | None:
    metadata = told.get("metadata") or {}
    if metadata.get("app") != APP:
        return None
    try:
        return UUID(metadata.get("purchase_id") or told.get("client_reference_id") or "")
    except ValueError:
        return None


def _contradictions(told: Told, intent: Told) -> Iterator[str]:
    """Where the payment intent is not what its session says, or the session not what it says itself.

    What the intent does not tell contradicts nothing; nor does a receipt of 0, which is for money on its way.
    """
    ours, its = told.get("metadata") or {}, intent.get("metadata") or {}
    amounts = {told.get("amount_total"), intent.get("amount"), intent.get("amount_received") or None}
    if len(amounts - {None}) > 1:
        yield "amount"
    for name in ("currency", "livemode"):
        if len({told.get(name), intent.get(name)} - {None}) > 1:
            yield name
    for name, key in (("app", "app"), ("user", "user_id"), ("purchase", "purchase_id")):
        if len({ours.get(key), its.get(key)} - {None}) > 1:
            yield name
    if told.get("client_reference_id") not in (None, ours.get("purchase_id")):
        yield "purchase"


def _sold(line_items: Told) -> tuple[str, int]:
    """The offer and the quantity of the one price that was sold; empty if it was something else.

    A lookup key moves on when a price gets a successor; what the price says about itself stays. One that says
    anything else than the offer's price does is something else.
    """
    lines = line_items.get("data") or []
    if len(lines) != 1:
        return "", 0
    price = lines[0].get("price") or {}
    metadata, quantity = price.get("metadata") or {}, int(lines[0].get("quantity") or 0)
    offer = OFFERS.get(str(metadata.get("type") or price.get("lookup_key")))
    if offer is None or any(metadata.get(name, value) != value for name, value in offer.metadata.items()):
        return "", quantity
    return offer.key, quantity


def _receipt(intent: Told | None) -> Personal | None:
    charge = intent.get("latest_charge") if intent else None
    address = charge.get("receipt_url") if isinstance(charge, Mapping) else None
    return Personal(address) if address else None


def _failure(intent: Told | None) -> str | None:
    error = (intent.get("last_payment_error") if intent else None) or {}
    return str(error.get("decline_code") or error.get("code") or "unknown") if error else None


def _id(told: Any) -> str | None:
    identity = told.get("id") if isinstance(told, Mapping) else told
    return identity if isinstance(identity, str) else None
