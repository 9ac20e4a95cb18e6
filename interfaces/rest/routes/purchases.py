"""Buying credits over HTTP: what is for sale, checkouts and their state, receipts, the customer portal."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from application.context import current
from application.errors import ConcurrentChange, NotFound
from application.payments import NothingBought, OfferUnavailable, PaymentsAway
from application.purchases import RETURN_PATH, RETURN_PATH_LENGTH, CheckoutOver, ReturnPathRefused
from domain.errors import Conflict
from domain.offers import (
    LARGEST_QUANTITY,
    OFFERS,
    SMALLEST_QUANTITY,
    OfferUnknown,
    QuantityOutOfRange,
)
from domain.purchase import Purchase
from infrastructure.queries import purchases as queries
from infrastructure.queries.purchases import PurchaseRow
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import PURCHASES
from infrastructure.wiring import Container
from interfaces.rest import cursors
from interfaces.rest.addresses import API
from interfaces.rest.authentication import OPEN
from interfaces.rest.bodies import described
from interfaces.rest.cursors import Cursor, Limit
from interfaces.rest.errors.faults import CursorInvalid, ReadModelBehind
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.headers import LOCATION, RECORDED, REPLAYED
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.problems import problems

PAGE = 20
TAGS = ["Billing"]

PurchaseId = Annotated[UUID, Meta(examples=["3d7d4b0a-7c1e-4f0b-8a52-90b1c5b6d0f3"])]
OfferKey = Annotated[str, Meta(max_length=100, examples=["PACK_20_CREDITS"])]
Cents = Annotated[int, Meta(description="In the currency's minor unit", examples=[1800])]
Currency = Annotated[str, Meta(examples=["usd"])]
ReturnPath = Annotated[
    str,
    Meta(
        max_length=RETURN_PATH_LENGTH,
        description="Where the browser goes afterwards: a path of this site, never an address",
        examples=["/billing"],
        extra_json_schema=described(pattern=f"^{RETURN_PATH.pattern}$"),
    ),
]
Moment = Annotated[datetime, Meta(examples=["2026-05-04T09:31:00Z"])]
MaybeMoment = Annotated[datetime | None, Meta(examples=["2026-05-04T09:32:10Z"])]


class Offer(Struct, frozen=True):
    offer: OfferKey
    name: Annotated[str, Meta(examples=["20 credits"])]
    credits: Annotated[int, Meta(examples=[20])]
    amount: Cents
    currency: Currency
    largest_quantity: Annotated[int, Meta(examples=[LARGEST_QUANTITY])]


class Offers(Struct, frozen=True):
    items: list[Offer]
    public_key: Annotated[
        str | None, Meta(description="Stripe's publishable key; null in the sandbox", examples=[None])
    ]


class StartCheckout(Struct, frozen=True, forbid_unknown_fields=True):
    offer: Annotated[OfferKey, Meta(extra_json_schema=described(enum=sorted(OFFERS)))]
    quantity: Annotated[
        int,
        Meta(
            description=f"{SMALLEST_QUANTITY} to {LARGEST_QUANTITY}",
            examples=[1],
            extra_json_schema=described(minimum=SMALLEST_QUANTITY, maximum=LARGEST_QUANTITY),
        ),
    ] = 1
    return_path: ReturnPath = "/billing"


class CheckoutStarted(Struct, frozen=True):
    checkout_id: PurchaseId
    url: Annotated[
        str | None,
        Meta(
            description="Where the customer pays; null once it cannot be paid any more",
            examples=["https://checkout.stripe.com/c/pay/cs_test_a1"],
        ),
    ]
    expires_at: Moment


class CheckoutState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    REFUSED = "refused"


class Checkout(Struct, frozen=True):
    checkout_id: PurchaseId
    status: Annotated[
        CheckoutState,
        Meta(
            description="open: not paid yet, or the money is on its way; paid: the credits are there; refused: "
            "the payment did not fit, and we are looking into it",
            examples=["paid"],
        ),
    ]
    offer: OfferKey
    quantity: Annotated[int, Meta(examples=[1])]
    credits: Annotated[int, Meta(examples=[20])]
    amount: Cents
    currency: Currency
    failure: Annotated[str | None, Meta(description="Why the last attempt to pay failed", examples=[None])]
    expires_at: Moment
    paid_at: MaybeMoment


class OpenPortal(Struct, frozen=True, forbid_unknown_fields=True):
    return_path: ReturnPath = "/billing"


class Portal(Struct, frozen=True):
    url: Annotated[str, Meta(examples=["https://billing.stripe.com/p/session/test_a1"])]


class PurchaseItem(Struct, frozen=True):
    purchase_id: PurchaseId
    offer: OfferKey
    quantity: Annotated[int, Meta(examples=[1])]
    credits: Annotated[int, Meta(examples=[20])]
    amount: Cents
    refunded: Annotated[int, Meta(description="In the currency's minor unit", examples=[0])]
    lost: Annotated[int, Meta(description="What your bank took back by a dispute", examples=[0])]
    disputed: Annotated[int, Meta(description="What an open dispute is about", examples=[0])]
    currency: Currency
    paid_at: MaybeMoment
    receipt_url: Annotated[
        str | None,
        Meta(description="Null if there is none", examples=["https://pay.stripe.com/receipts/a1"]),
    ]


class PurchasePage(Struct, frozen=True):
    items: list[PurchaseItem]
    next_cursor: Annotated[
        str | None, Meta(description="Where the next page begins; null on the last", examples=["AAAAAAAAAAM"])
    ]


@get("/billing/offers", opt=OPEN, tags=TAGS, summary="What is for sale", sync_to_thread=False)
def show_offers(container: NamedDependency[Container]) -> Offers:
    return Offers(
        items=[
            Offer(one.key, one.name, one.credits, one.unit_amount, one.currency, LARGEST_QUANTITY)
            for one in OFFERS.values()
        ],
        public_key=container.settings.stripe_public_key or None,
    )


@post(
    "/billing/checkouts",
    status_code=201,
    tags=TAGS,
    summary="Begin to buy credits",
    description="Answers with the address of a page where the customer pays. The credits come once the "
    "payment provider confirms the payment, whether the customer returns or not.",
    response_headers=[RECORDED, LOCATION, REPLAYED],
    responses=problems(
        OfferUnknown,
        QuantityOutOfRange,
        ReturnPathRefused,
        OfferUnavailable,
        CheckoutOver,
        PaymentsAway,
        Conflict,
        ConcurrentChange,
        *REPEATABLE,
    ),
)
async def start_checkout(
    data: JSONBody[StartCheckout],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[CheckoutStarted]:
    customer_id = await queries.customer(reader, principal.user_id)
    request_id = current().correlation

    def start(purchase_id: UUID) -> Response[CheckoutStarted]:
        session = container.purchases.start(
            purchase_id,
            user_id=principal.user_id,
            offer=data.offer,
            quantity=data.quantity,
            return_path=data.return_path,
            customer_id=customer_id,
            request_id=request_id,
        )
        purchase = container.purchases.owned(purchase_id, principal.user_id)
        return Response(
            CheckoutStarted(purchase_id, session.url, purchase.expires_at),
            headers={"Location": f"{API}/billing/checkouts/{purchase_id}"},
        )

    return await once.for_user(principal.user_id, data, start)


@get(
    "/billing/checkouts/{checkout_id:uuid}",
    tags=TAGS,
    summary="How a checkout stands",
    responses=problems(NotFound, ReadModelBehind),
)
async def show_checkout(
    checkout_id: FromPath[UUID],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    wait_for_position: WaitForPosition = None,
) -> Checkout:
    await wait_for(reader, wait_for_position, PURCHASES)
    if row := await queries.one(reader, principal.user_id, checkout_id):
        return _checkout(checkout_id, row, failure=row.failure, paid_at=row.paid_at)
    # Whoever asks at once after beginning to buy may be ahead of the read model.
    begun = await sync_to_thread(container.purchases.owned, checkout_id, principal.user_id)
    return _checkout(checkout_id, begun, failure=None, paid_at=None)


@post(
    "/billing/portal",
    status_code=200,
    tags=TAGS,
    summary="Where a customer manages what the payment provider keeps",
    responses=problems(NothingBought, ReturnPathRefused, PaymentsAway),
)
async def open_portal(
    data: JSONBody[OpenPortal],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
) -> Portal:
    customer_id = await queries.customer(reader, principal.user_id)
    return Portal(await sync_to_thread(container.purchases.portal, customer_id, data.return_path))


@get(
    "/billing/purchases",
    tags=TAGS,
    summary="What I bought, newest first, with receipts",
    responses=problems(CursorInvalid, ReadModelBehind),
)
async def list_purchases(
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = PAGE,
    wait_for_position: WaitForPosition = None,
) -> PurchasePage:
    before = cursors.decoded(cursor)
    await wait_for(reader, wait_for_position, PURCHASES)
    rows = await queries.paid(reader, principal.user_id, before=before, limit=limit + 1)
    shown, next_cursor = cursors.page(rows, limit, lambda row: row.position)
    return PurchasePage(items=[_item(row) for row in shown], next_cursor=next_cursor)


def _checkout(
    checkout_id: UUID, of: PurchaseRow | Purchase, *, failure: str | None, paid_at: datetime | None
) -> Checkout:
    return Checkout(
        checkout_id=checkout_id,
        status=CheckoutState(of.status),
        offer=of.offer,
        quantity=of.quantity,
        credits=of.credits,
        amount=of.amount,
        currency=of.currency,
        failure=failure,
        expires_at=of.expires_at,
        paid_at=paid_at,
    )


def _item(row: PurchaseRow) -> PurchaseItem:
    return PurchaseItem(
        purchase_id=row.purchase_id,
        offer=row.offer,
        quantity=row.quantity,
        credits=row.credits,
        amount=row.amount,
        refunded=row.refunded,
        lost=row.lost,
        disputed=row.disputed,
        currency=row.currency,
        paid_at=row.paid_at,
        receipt_url=row.receipt,
    )


HANDLERS = (show_offers, start_checkout, show_checkout, open_portal, list_purchases)
