"""Stripe's messages: whether one is really Stripe's, and which payment it is about.

The sandbox sends the same messages, signed in the same way, so both adapters read them here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from application.payments import (
    About,
    Notice,
    NoticeOfOtherMode,
    NoticeOutOfTime,
    NoticeUnreadable,
    SignatureInvalid,
    Subject,
)
from domain.personal import Personal

TOLERANCE = timedelta(minutes=5)
"""How old a signature may be (Stripe's own default), and how far in the future: clocks differ."""


@dataclass(frozen=True)
class SignedNotices:
    """Messages that any of these secrets has signed: two of them, while they are being rotated."""

    secrets: Sequence[str]
    livemode: bool

    def authenticated(self, body: bytes, signature: str, now: datetime) -> Notice:
        """Raises SignatureInvalid, NoticeOutOfTime, NoticeUnreadable or NoticeOfOtherMode."""
        if not any(_signed(body, signature, secret) for secret in self.secrets):
            raise SignatureInvalid
        # The SDK takes timestamps from the future; those could be kept and sent again much later.
        if abs(now - _signed_at(signature)) > TOLERANCE:
            raise NoticeOutOfTime
        return self.read(body.decode())

    def read(self, text: str) -> Notice:
        """A message whose origin is beyond doubt. Raises NoticeUnreadable or NoticeOfOtherMode."""
        try:
            event = json.loads(text)
            notice = Notice(
                stripe_id=_text(event["id"]),
                type=_text(event["type"]),
                api_version=str(event.get("api_version") or "unknown"),
                livemode=bool(event["livemode"]),
                created_at=datetime.fromtimestamp(event["created"], UTC),
                payload=Personal(text),
            )
            well_formed = event.get("object") == "event" and isinstance(event["data"]["object"], dict)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
            raise NoticeUnreadable from None
        if not well_formed:
            raise NoticeUnreadable
        if notice.livemode != self.livemode:
            raise NoticeOfOtherMode(livemode=notice.livemode)
        return notice


def about(notice: Notice) -> About | None:
    """Which payment a message is about; None if it is about none."""
    told: dict[str, Any] = json.loads(notice.payload.text)["data"]["object"]
    warning = _identity(told) if told.get("object") == "radar.early_fraud_warning" else None
    match told.get("object"):
        case "checkout.session":
            return _about(Subject.SESSION, told.get("id"))
        case "payment_intent":
            return _about(Subject.PAYMENT, told.get("id"))
        case "charge":
            return _about(Subject.PAYMENT, told.get("payment_intent")) or _about(
                Subject.CHARGE, told.get("id")
            )
        case "refund" | "dispute" | "radar.early_fraud_warning":
            return _about(Subject.PAYMENT, told.get("payment_intent"), warning) or _about(
                Subject.CHARGE, told.get("charge"), warning
            )
    return None


def _about(subject: Subject, told: Any, fraud_warning: str | None = None) -> About | None:
    found = _identity(told)
    return About(subject, found, fraud_warning) if found else None


def _identity(told: Any) -> str | None:
    """An id, whether it stands alone or the whole object was sent in its place."""
    found = told.get("id") if isinstance(told, dict) else told
    return found if isinstance(found, str) and found else None


def _signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeError):
        return False
    return True


def _signed_at(signature: str) -> datetime:
    stamp = next(part[2:] for part in signature.split(",") if part.startswith("t="))
    try:
        return datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise NoticeOutOfTime from None


def _text(told: Any) -> str:
    if not isinstance(told, str) or not told:
        raise TypeError("not a text")
    return told
