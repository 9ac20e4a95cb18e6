"""Payments by Stripe: its SDK, called with durable keys, its answers read into what purchases understand."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import stripe
from stripe.params.checkout import SessionCreateParams

from application.payments import (
    About,
    Found,
    NothingBought,
    Notice,
    NoticeRejected,
    OfferUnavailable,
    Order,
    PaymentsAway,
    PriceReport,
    PriceState,
    Session,
    Subject,
)
from application.stagers import RetryLater
from application.their_payments import TheirPayment
from domain.errors import Conflict
from domain.offers import APP, OFFERS, Offer
from domain.stripe_event import HANDLED
from infrastructure.payments import notices
from infrastructure.payments.connection import StripeConnection
from infrastructure.payments.notices import SignedNotices
from infrastructure.payments.prices import compared
from infrastructure.payments.reading import dispute, found, found_by_intent, payment, refund, session

API = "https://api.stripe.com"
API_VERSION = "2026-10-28.endive"
"""The one that the SDK's types, and so our tests, were made from; an account's own default may differ."""
TIMEOUT = 10.0
"""Seconds for one call."""
RETRIES = 2
"""Of the SDK's own, after conflicts, server errors and lost connections."""
PATIENCE = timedelta(seconds=2)
"""After a 429 without Retry-After."""
PAGE = 100
_NOT_FOUND = 404
_OPEN = "open"
_EVENTS_KEPT = timedelta(days=30)

stripe.enable_telemetry = False  # it writes a file into the home of whoever runs this


class StripePayments:
    """Keys of repeated calls follow from what they create, so that a repetition after a crash creates nothing.

    `api` is Stripe's address, or a stand-in's.
    """

    def __init__(
        self, secret_key: str, signed: SignedNotices, *, api: str = API, timeout: float = TIMEOUT
    ) -> None:
        self._connection = StripeConnection(timeout)
        self._stripe = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api},
            http_client=self._connection,
            max_network_retries=RETRIES,
            stripe_version=API_VERSION,
        ).v1
        self._signed = signed

    @property
    def livemode(self) -> bool:
        return self._signed.livemode

    def open(self, order: Order) -> Session:
        """See application.payments.Payments."""
        report = compared(order.offer, self._price(order.offer))
        if report.price_id is None or report.state is not PriceState.SOUND:
            raise OfferUnavailable(order.offer.key, report.differences or ("there is no such price",))
        metadata = {
            "app": APP,
            "purchase_id": str(order.purchase_id),
            "user_id": str(order.user_id),
            "offer": order.offer.key,
            "quantity": str(order.quantity),
            "request_id": order.request_id,
        }
        parameters: SessionCreateParams = {
            "mode": "payment",
            "ui_mode": "hosted_page",
            "line_items": [{"price": report.price_id, "quantity": order.quantity}],
            "client_reference_id": str(order.purchase_id),
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            "success_url": order.success_url,
            "cancel_url": order.cancel_url,
            "expires_at": int(order.expires_at.timestamp()),
            "automatic_tax": {"enabled": False},
            "allow_promotion_codes": False,
            "adaptive_pricing": {"enabled": False},
        }
        if order.customer_id:
            parameters["customer"] = order.customer_id
        else:
            parameters["customer_creation"] = "always"
        with _translated(order.purchase_id):
            return session(self._create(parameters, f"checkout-{order.purchase_id}"))

    def session(self, session_id: str) -> Session:
        """See application.payments.Payments."""
        with _translated():
            return session(self._stripe.checkout.sessions.retrieve(session_id).to_dict())

    def portal(self, customer_id: str, return_url: str) -> str:
        """See application.payments.Payments."""
        try:
            with _translated():
                opened = self._stripe.billing_portal.sessions.create(
                    {"customer": customer_id, "return_url": return_url}
                )
        except stripe.InvalidRequestError as error:
            if _is_missing(error) or error.param == "customer":
                raise NothingBought from error
            raise
        return opened.url

    def end(self, session_id: str) -> None:
        """See application.payments.Payments."""
        sessions = self._stripe.checkout.sessions
        with _translated():
            try:
                sessions.expire(session_id)
            except stripe.InvalidRequestError:
                if sessions.retrieve(session_id).status == _OPEN:
                    raise

    def forget(self, customer_id: str) -> None:
        """See application.payments.Payments. Stripe keeps its records of payments without the customer."""
        try:
            with _translated():
                self._stripe.customers.delete(customer_id)
        except stripe.InvalidRequestError as error:
            if not _is_missing(error):
                raise

    def find(self, about: About) -> Found | None:
        """See application.payments.Payments."""
        try:
            with _translated():
                return self._found(about)
        except stripe.InvalidRequestError as error:
            if not _is_missing(error):
                raise
            return None

    def payment(self, session_id: str, payment_id: str | None = None) -> TheirPayment:
        """See application.payments.Payments."""
        with _translated():
            told = self._stripe.checkout.sessions.retrieve(session_id, {"expand": ["line_items"]}).to_dict()
            told["line_items"] = self._sold(told)
            if (intent_id := _id(told.get("payment_intent")) or payment_id) is None:
                return payment(told, None, [], [])
            intent = self._stripe.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}).to_dict()
            intent["latest_charge"] = self._charge(intent.get("latest_charge"))
            refunds = _all(self._stripe.refunds.list, {"payment_intent": intent_id})
            disputes = _all(self._stripe.disputes.list, {"payment_intent": intent_id})
        return payment(told, intent, map(refund, refunds), map(dispute, disputes))

    def about(self, notice: Notice) -> About | None:
        """See application.payments.Payments."""
        return notices.about(notice)

    def authenticated(self, body: bytes, signature: str, now: datetime) -> Notice:
        """See application.payments.Payments."""
        return self._signed.authenticated(body, signature, now)

    def sessions_since(self, since: datetime) -> Iterator[Found]:
        """See application.payments.Payments."""
        with _translated():
            for told in _all(self._stripe.checkout.sessions.list, {"created": _from(since)}):
                if ours := found(told):
                    yield ours

    def changes_since(self, since: datetime) -> Iterator[About]:
        """See application.payments.Payments."""
        with _translated():
            for each in (self._stripe.refunds.list, self._stripe.disputes.list):
                for told in _all(each, {"created": _from(since)}):
                    if intent := _id(told.get("payment_intent")):
                        yield About(Subject.PAYMENT, intent)

    def notices_since(self, since: datetime) -> Iterator[Notice]:
        """See application.payments.Payments."""
        since = max(since, datetime.now(UTC) - _EVENTS_KEPT)
        with _translated():
            for told in _all(self._stripe.events.list, {"created": _from(since), "types": sorted(HANDLED)}):
                try:
                    yield self._signed.read(json.dumps(told, default=str))
                except NoticeRejected:
                    continue  # of the other mode: never for us

    def sync_offers(self, *, create: bool) -> list[PriceReport]:
        """See application.payments.Payments."""
        reports = [compared(offer, self._price(offer)) for offer in OFFERS.values()]
        if not create:
            return reports
        return [
            self._created(OFFERS[report.offer]) if report.state is PriceState.MISSING else report
            for report in reports
        ]

    def close(self) -> None:
        self._connection.close()

    def _create(self, parameters: SessionCreateParams, key: str) -> dict[str, Any]:
        """A new session, for a new customer when the one from before was deleted at Stripe."""
        sessions = self._stripe.checkout.sessions
        try:
            return sessions.create(parameters, {"idempotency_key": key}).to_dict()
        except stripe.InvalidRequestError as error:
            if error.param != "customer":
                raise
        anew: SessionCreateParams = {**parameters, "customer_creation": "always"}
        del anew["customer"]
        return sessions.create(anew, {"idempotency_key": f"{key}-anew"}).to_dict()

    def _price(self, offer: Offer) -> Mapping[str, Any] | None:
        with _translated():
            prices = self._stripe.prices.list(
                {"lookup_keys": [offer.key], "active": True, "limit": 1, "expand": ["data.product"]}
            ).data
        return prices[0].to_dict() if prices else None

    def _created(self, offer: Offer) -> PriceReport:
        with _translated():
            price = self._stripe.prices.create(
                {
                    "currency": offer.currency,
                    "unit_amount": offer.unit_amount,
                    "lookup_key": offer.key,
                    "nickname": offer.name,
                    "metadata": offer.metadata,
                    "product_data": {"name": f"Stage in Seconds: {offer.name}", "metadata": offer.metadata},
                },
                {"idempotency_key": f"price-{offer.key}-{offer.unit_amount}-{offer.credits}"},
            ).to_dict()
        report = compared(offer, price)
        return report if report.differences else PriceReport(offer.key, PriceState.CREATED, report.price_id)

    def _found(self, about: About) -> Found | None:
        match about.subject:
            case Subject.SESSION:
                return found(self._stripe.checkout.sessions.retrieve(about.id).to_dict())
            case Subject.PAYMENT:
                return self._found_by_payment(about.id)
            case Subject.CHARGE:
                intent = _id(self._stripe.charges.retrieve(about.id).to_dict().get("payment_intent"))
                return self._found_by_payment(intent) if intent else None

    def _found_by_payment(self, intent_id: str) -> Found | None:
        sessions = self._stripe.checkout.sessions.list({"payment_intent": intent_id, "limit": 1}).data
        for told in sessions:
            if _id(told.to_dict().get("payment_intent")) == intent_id:
                return found(told.to_dict())
        # An attempt that failed may be tied to its session only once another one has succeeded.
        return found_by_intent(self._stripe.payment_intents.retrieve(intent_id).to_dict())

    def _sold(self, told: dict[str, Any]) -> dict[str, Any]:
        """A session's line items, each with its whole price, whether that came expanded or not."""
        lines: dict[str, Any] = told.get("line_items") or (
            self._stripe.checkout.sessions.line_items.list(told["id"]).to_dict()
        )
        for line in lines.get("data") or []:
            if isinstance(line.get("price"), str):
                line["price"] = self._stripe.prices.retrieve(line["price"]).to_dict()
        return lines

    def _charge(self, told: Any) -> Mapping[str, Any] | None:
        """An intent's charge, for its receipt; one that is not there does not keep a payment from being known."""
        if not isinstance(told, str):
            return told if isinstance(told, Mapping) else None
        try:
            return self._stripe.charges.retrieve(told).to_dict()
        except stripe.InvalidRequestError:
            return None


def _all(listing: Callable[[Any], Any], parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object of a list, page after page."""
    for one in listing({**parameters, "limit": PAGE}).auto_paging_iter():
        yield one.to_dict()


def _id(told: Any) -> str | None:
    """The id of what is told whole or by its id."""
    identity = told.get("id") if isinstance(told, Mapping) else told
    return identity if isinstance(identity, str) else None


def _is_missing(error: stripe.InvalidRequestError) -> bool:
    return error.http_status == _NOT_FOUND or error.code == "resource_missing"


def _from(since: datetime) -> dict[str, int]:
    return {"gte": int(since.timestamp())}


@contextmanager
def _translated(purchase_id: UUID | None = None) -> Iterator[None]:
    """Stripe's errors in our words; what is our own mistake stays as it is, to be seen."""
    try:
        yield
    except stripe.RateLimitError as error:
        raise RetryLater(_asked_for(error)) from error
    except stripe.APIConnectionError as error:
        raise PaymentsAway from error
    except stripe.IdempotencyError as error:
        if purchase_id is None:
            raise
        raise Conflict(purchase_id) from error
    except stripe.APIError as error:
        raise PaymentsAway from error


def _asked_for(error: stripe.RateLimitError) -> timedelta:
    """How long Stripe asks to wait."""
    headers = {str(name).lower(): value for name, value in dict(error.headers or {}).items()}
    told = headers.get("retry-after", "")
    return timedelta(seconds=int(told)) if told.isdecimal() else PATIENCE
