"""What can be wrong about a ledger's credits."""

from collections.abc import Mapping
from typing import Final

from domain.credit_errors import (
    DisputeNotFound,
    HoldNotFound,
    NotACreditAmount,
    NotAPayment,
    PurchaseLotNotFound,
    ReasonNeeded,
    ReversalNotFound,
)
from interfaces.rest.errors.answer import AN_ID, Answer

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    NotACreditAmount: Answer(
        422, "not_a_credit_amount", "Not an amount", "Credits are whole numbers above zero."
    ),
    HoldNotFound: Answer(
        404, "hold_not_found", "No such hold", "No credits are held for the job {job_id}.", {"job_id": AN_ID}
    ),
    NotAPayment: Answer(422, "not_a_payment", "Not a payment", "Amounts of money are above zero."),
    ReasonNeeded: Answer(
        422,
        "reason_needed",
        "Reason needed",
        "Say why, in 1 to {limit} characters; this has {length}.",
        {"length": 0, "limit": 200},
    ),
    PurchaseLotNotFound: Answer(
        404, "purchase_lot_not_found", "No such purchase", "No lot {lot_id} was bought.", {"lot_id": AN_ID}
    ),
    ReversalNotFound: Answer(
        404,
        "reversal_not_found",
        "No such reversal",
        "Nothing was reversed because of {reversal_id}.",
        {"reversal_id": "re_1"},
    ),
    DisputeNotFound: Answer(
        404,
        "dispute_not_found",
        "No such dispute",
        "Nothing was frozen because of {dispute_id}.",
        {"dispute_id": "dp_1"},
    ),
}
