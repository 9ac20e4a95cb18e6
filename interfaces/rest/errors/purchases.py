"""What can be wrong about buying, and with what the payment provider says."""

from collections.abc import Mapping
from typing import Final

from application.payments import (
    NothingBought,
    NoticeOfOtherMode,
    NoticeOutOfTime,
    NoticeRejected,
    NoticeUnreadable,
    OfferUnavailable,
    PaymentsAway,
    SignatureInvalid,
)
from application.purchases import CheckoutOver, ReturnPathRefused
from domain.offers import OfferUnknown, QuantityOutOfRange
from domain.purchase import NotPaid
from infrastructure.payments.sandbox_till import SandboxRefused
from interfaces.rest.errors.answer import RETRY, Answer

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    OfferUnknown: Answer(
        422,
        "offer_unknown",
        "No such offer",
        "There is no offer {offer}; GET /billing/offers lists them.",
        {"offer": "PACK_7_CREDITS"},
    ),
    QuantityOutOfRange: Answer(
        422,
        "quantity_out_of_range",
        "Too few or too many",
        "The quantity is {smallest} to {largest}.",
        {"smallest": 1, "largest": 500},
    ),
    ReturnPathRefused: Answer(
        422,
        "return_path_refused",
        "Not a path of this site",
        "`return_path` begins with one slash and has only characters of an address, such as /billing.",
    ),
    OfferUnavailable: Answer(
        503,
        "offer_unavailable",
        "Not for sale now",
        "The offer {offer} cannot be sold at the moment.",
        {"offer": "PACK_20_CREDITS"},
    ),
    CheckoutOver: Answer(
        409, "checkout_over", "Begun too long ago", "This checkout cannot be paid any more; begin a new one."
    ),
    NothingBought: Answer(
        409, "nothing_bought", "Nothing bought yet", "There is nothing to manage before the first purchase."
    ),
    NotPaid: Answer(409, "not_paid", "Not paid", "This purchase was never paid."),
    PaymentsAway: Answer(
        503,
        "payments_away",
        "Payment provider away",
        "The payment provider does not answer; try again in a moment.",
        headers=RETRY,
    ),
    SandboxRefused: Answer(
        409, "sandbox_refused", "Cannot happen now", "As this payment stands, that cannot happen to it."
    ),
    NoticeRejected: Answer(400, "notice_rejected", "Not taken", "This message is not taken."),
    SignatureInvalid: Answer(
        400,
        "signature_invalid",
        "Wrong signature",
        "Stripe-Signature is missing, or none of our secrets made it.",
    ),
    NoticeOutOfTime: Answer(
        400, "signature_out_of_time", "Too old or too new", "It was signed more than five minutes from now."
    ),
    NoticeUnreadable: Answer(
        400, "notice_unreadable", "Not an event", "The body is signed, but it is not a Stripe event."
    ),
    NoticeOfOtherMode: Answer(
        400,
        "notice_of_other_mode",
        "Other mode",
        "This installation does not take events whose livemode is {livemode}.",
        {"livemode": True},
    ),
}
