"""Buying credits: a checkout at the payment provider, and recording what became of it."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from application.comparing import Command, difference
from application.crediting import credit
from application.errors import ApplicationError, NotFound
from application.payments import Found, NothingBought, Order, Payments, PurchaseRecords, Session
from application.ports import Clock, Store
from application.reactions import Answer
from application.retrying import retried
from application.their_payments import TheirPayment
from domain.credit_ledger import CreditLedger
from domain.errors import Conflict
from domain.offers import offered
from domain.purchase import Purchase, PurchaseStatus
from domain.user import User

CHECKOUT_LIFETIME = timedelta(hours=12)
"""How long a checkout can be paid; Stripe allows 30 minutes to 24 hours."""
LATEST_OPENING = timedelta(hours=1)
"""How long before its end a checkout must be opened at the latest: Stripe opens none for less than half that."""
RETURN_PATH_LENGTH = 500
_IN_PATH = r"[A-Za-z0-9_~!$&'()*+,;=:@-]|%20|%[89A-Fa-f][0-9A-Fa-f]"
_SEGMENT = rf"(?:{_IN_PATH})(?:{_IN_PATH}|\.)*"
RETURN_PATH = re.compile(rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*/?)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
"""A path, perhaps with a query. None is what browsers, proxies or apps may take for another path, or another site's:
two slashes in a row, leading dots, a backslash, and whatever of ASCII but a blank hides behind a percent sign."""


class ReturnPathRefused(ApplicationError):
    """Only a path of our own may be where a browser goes after it has paid."""


class CheckoutOver(ApplicationError):
    """It was begun so long ago that it cannot be paid any more."""

    def __init__(self, purchase_id: UUID) -> None:
        super().__init__(purchase_id)
        self.purchase_id = purchase_id


@dataclass(frozen=True)
class Looked:
    """What looking at a purchase found, and what was recorded because of it."""

    purchase: Purchase
    theirs: TheirPayment
    recorded: tuple[Command, ...]


@dataclass(frozen=True)
class Purchases:
    store: Store
    clock: Clock
    payments: Payments
    records: PurchaseRecords
    app_url: str

    def start(
        self,
        purchase_id: UUID,
        *,
        user_id: UUID,
        offer: str,
        quantity: int,
        return_path: str,
        customer_id: str | None = None,
        request_id: str = "unknown",
    ) -> Session:
        """A checkout page where the offer can be paid; repeated with the same id, it is the same page.

        The purchase is recorded before the provider hears of it, so that no payment can come for one that is
        not known. Raises OfferUnknown, QuantityOutOfRange, ReturnPathRefused, CheckoutOver, Conflict,
        OfferUnavailable, PaymentsAway or RetryLater.
        """
        page = self.page(return_path)
        purchase = self._started(purchase_id, user_id, offer, quantity, customer_id, request_id)
        if purchase.session_id is not None:
            return self.payments.session(purchase.session_id)
        if purchase.expires_at - self.clock.now() < LATEST_OPENING:
            raise CheckoutOver(purchase_id)
        address = f"{page}{'&' if '?' in page else '?'}checkout={purchase_id}"
        session = self.payments.open(
            Order(
                purchase_id=purchase_id,
                user_id=user_id,
                offer=offered(offer),
                quantity=quantity,
                expires_at=purchase.expires_at,
                success_url=f"{address}&outcome=paid",
                cancel_url=f"{address}&outcome=cancelled",
                customer_id=purchase.customer_id,
                request_id=purchase.request_id,
            )
        )
        self._opened(purchase_id, session.session_id)
        return session

    def portal(self, customer_id: str | None, return_path: str) -> str:
        """The provider's page about a customer. Raises NothingBought or ReturnPathRefused, PaymentsAway."""
        page = self.page(return_path)
        if customer_id is None:
            raise NothingBought
        return self.payments.portal(customer_id, page)

    def owned(self, purchase_id: UUID, user_id: UUID) -> Purchase:
        """The user's own purchase. Raises NotFound, also for somebody else's."""
        purchase = self.store.get(Purchase, purchase_id)
        if purchase.user_id != user_id:
            raise NotFound(Purchase.__name__, purchase_id)
        return purchase

    @retried
    def look_at(self, found: Found, fraud_warning: str | None = None) -> Looked | None:
        """Fetch what the provider says about a purchase, and record the difference; None if it is not known.

        The purchase is loaded before the provider is asked: whoever records meanwhile makes this attempt
        fail as a concurrent change, and the next one fetches again. So what is recorded was always fetched
        after what was recorded before it, and never takes anything back that is newer. Another session than
        the purchase's own is not known either, whatever it says about itself.
        """
        if (purchase := self.store.find(Purchase, found.purchase_id)) is None:
            return None
        session_id = found.session_id or purchase.session_id
        if session_id is None or purchase.session_id not in (None, session_id):
            return None
        theirs = self.payments.payment(session_id, found.payment_id)
        purchase.open_session(session_id)  # known already, unless we were cut off right after opening it
        erased = self.store.get(User, purchase.user_id).erased
        if erased:
            theirs = replace(theirs, receipt=None)  # there is no key left to seal it with
        commands = difference(theirs, purchase)
        self._record(purchase, commands, fraud_warning)
        if erased and theirs.customer_id:
            self.payments.forget(theirs.customer_id)
        return Looked(purchase, theirs, tuple(commands))

    @retried
    def expire(self, purchase_id: UUID) -> bool:
        """End a checkout that the provider never opened and that is past its time; whether it was one."""
        purchase = self.store.get(Purchase, purchase_id)
        if (
            purchase.status is not PurchaseStatus.OPEN
            or purchase.session_id
            or purchase.expires_at > self.clock.now()
        ):
            return False
        purchase.expire()
        self.store.save(purchase)
        return True

    def close(self, user_id: UUID) -> Answer:
        """At the provider: end what an erased user can still pay, and have the customer forgotten.

        A payment that comes all the same is recorded like any other, and the doctor tells of it. Repeated, it
        does the same again. Raises PaymentsAway or RetryLater.
        """
        ended, customers = 0, set()
        for purchase_id in self.records.of_user(user_id):
            purchase = self.store.get(Purchase, purchase_id)
            if purchase.session_id and purchase.status is PurchaseStatus.OPEN:
                self.payments.end(purchase.session_id)
                self.look_at(Found(purchase.session_id, purchase_id))
                ended += 1
            if purchase.customer_id:
                customers.add(purchase.customer_id)
        for customer_id in sorted(customers):
            self.payments.forget(customer_id)
        return {"ended": ended, "customers": len(customers)}

    def page(self, path: str) -> str:
        """The address of a page of ours. Raises ReturnPathRefused."""
        if len(path) > RETURN_PATH_LENGTH or not RETURN_PATH.fullmatch(path):
            raise ReturnPathRefused
        return f"{self.app_url.rstrip('/')}{path}"

    @retried
    def _started(
        self,
        purchase_id: UUID,
        user_id: UUID,
        offer: str,
        quantity: int,
        customer_id: str | None,
        request_id: str,
    ) -> Purchase:
        if (earlier := self.store.find(Purchase, purchase_id)) is not None:
            if (earlier.user_id, earlier.offer, earlier.quantity) != (user_id, offer, quantity):
                raise Conflict(purchase_id)
            return earlier
        purchase = Purchase.start(
            purchase_id,
            user_id=user_id,
            offer=offer,
            quantity=quantity,
            livemode=self.payments.livemode,
            expires_at=_whole_second(self.clock.now() + CHECKOUT_LIFETIME),
            customer_id=customer_id,
            request_id=request_id,
        )
        self.store.save(purchase)
        return purchase

    @retried
    def _opened(self, purchase_id: UUID, session_id: str) -> None:
        purchase = self.store.get(Purchase, purchase_id)
        purchase.open_session(session_id)
        self.store.save(purchase)

    def _record(self, purchase: Purchase, commands: list[Command], fraud_warning: str | None) -> None:
        """The purchase and the ledger, together or not at all."""
        if fraud_warning:
            purchase.warn_of_fraud(fraud_warning)
        if not commands:
            self.store.save(purchase)
            return
        ledger = self.store.get(CreditLedger, CreditLedger.id_for(purchase.user_id))
        now = self.clock.now()
        for command in commands:
            command.on(purchase)
            credit(command, purchase, ledger, now)
        self.store.save(purchase, ledger)


def _whole_second(moment: datetime) -> datetime:
    """The provider counts in seconds."""
    return moment.replace(microsecond=0)
