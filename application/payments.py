"""The payment provider, as purchases need it: checkouts, and what it says now about a payment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from application.errors import ApplicationError
from application.their_payments import TheirPayment
from domain.offers import Offer
from domain.personal import Personal


class PaymentsAway(ApplicationError):
    """The provider does not answer, or says that something broke on its side."""


class OfferUnavailable(ApplicationError):
    """The provider's price is missing, or does not say what our table of offers says."""

    def __init__(self, offer: str, differences: Sequence[str]) -> None:
        super().__init__(offer, differences)
        self.offer, self.differences = offer, differences


class NothingBought(ApplicationError):
    """The provider does not know this user, who never paid for anything, or has been deleted there."""


class NoticeRejected(ApplicationError):
    """A message that does not prove to be the provider's, or is not meant for us."""


class SignatureInvalid(NoticeRejected):
    """None of our secrets signed it."""


class NoticeOutOfTime(NoticeRejected):
    """It was signed too long ago, or in the future."""


class NoticeUnreadable(NoticeRejected):
    """Signed by the provider, but no message of the kind that we ask for."""


class NoticeOfOtherMode(NoticeRejected):
    """A test message where real money is at stake, or the other way round."""

    def __init__(self, *, livemode: bool) -> None:
        super().__init__(livemode)
        self.livemode = livemode


@dataclass(frozen=True)
class Order:
    """What somebody wants to buy, and where their browser goes afterwards."""

    purchase_id: UUID
    user_id: UUID
    offer: Offer
    quantity: int
    expires_at: datetime
    success_url: str
    cancel_url: str
    customer_id: str | None = None
    """How the provider knows them from before."""
    request_id: str = "unknown"


@dataclass(frozen=True)
class Session:
    """The provider's checkout page for one order."""

    session_id: str
    url: str | None
    """None once it cannot be paid any more."""


@dataclass(frozen=True)
class Notice:
    """A message from the provider, proven to be its own."""

    stripe_id: str
    type: str
    api_version: str
    livemode: bool
    created_at: datetime
    payload: Personal
    """Its whole JSON."""


class Subject(StrEnum):
    """What a message can be about."""

    SESSION = "session"
    PAYMENT = "payment"
    CHARGE = "charge"


@dataclass(frozen=True)
class About:
    """Which payment a message is about, by the provider's id of one part of it."""

    subject: Subject
    id: str
    fraud_warning: str | None = None
    """The id of an early fraud warning, if it is one."""


@dataclass(frozen=True)
class Found:
    """A payment of ours."""

    session_id: str | None
    """None where the provider has not tied the payment to a session yet: it is the purchase's own."""
    purchase_id: UUID
    payment_id: str | None = None
    """Given where there is no session to tell it."""


class PriceState(StrEnum):
    SOUND = "sound"
    CREATED = "created"
    MISSING = "missing"
    DRIFTED = "drifted"


@dataclass(frozen=True)
class PriceReport:
    """How an offer's price at the provider compares with our table."""

    offer: str
    state: PriceState
    price_id: str | None
    differences: tuple[str, ...] = ()


class Payments(Protocol):
    """Reads and creates at the provider; nothing here may be called inside a transaction.

    Everything raises PaymentsAway when the provider is away, and RetryLater when it asks for patience.
    """

    @property
    def livemode(self) -> bool:
        """Whether real money moves."""
        ...

    def open(self, order: Order) -> Session:
        """The checkout page for an order; repeated, it is the same one.

        Raises OfferUnavailable, or Conflict when the same purchase was ordered with other content.
        """
        ...

    def session(self, session_id: str) -> Session: ...

    def portal(self, customer_id: str, return_url: str) -> str:
        """The address of a page where a customer manages what the provider keeps of them.

        Raises NothingBought for one whom the provider does not know, or no longer.
        """
        ...

    def find(self, about: About) -> Found | None:
        """Which purchase it is about; None if it is none of ours."""
        ...

    def payment(self, session_id: str, payment_id: str | None = None) -> TheirPayment:
        """Everything about one purchase, as of after this was called.

        `payment_id` is the payment to look at where the session does not tell one yet.
        """
        ...

    def end(self, session_id: str) -> None:
        """Let a checkout be paid no more; one that is over stays as it ended."""
        ...

    def forget(self, customer_id: str) -> None:
        """Delete what is kept of a customer beyond what the law wants kept; repeated, it changes nothing."""
        ...

    def about(self, notice: Notice) -> About | None:
        """What a message is about; None if nothing that we sell can be concerned."""
        ...

    def authenticated(self, body: bytes, signature: str, now: datetime) -> Notice:
        """The message, if its signature over the raw bytes is right. Raises NoticeRejected."""
        ...

    def sessions_since(self, since: datetime) -> Iterator[Found]:
        """Our checkouts that were begun since then."""
        ...

    def changes_since(self, since: datetime) -> Iterator[About]:
        """The payments that had refunds or disputes since then, each at least once, of any app."""
        ...

    def notices_since(self, since: datetime) -> Iterator[Notice]:
        """All messages since then, as far back as the provider keeps them, delivered or not."""
        ...

    def sync_offers(self, *, create: bool) -> list[PriceReport]:
        """Compare the prices with our table, and create those that are missing if asked to."""
        ...

    def close(self) -> None:
        """Give up all connections."""
        ...


class PayloadKeys(Protocol):
    """Keys of what the provider sent, each its own, until it is known whom it is about."""

    def lend(self, key_id: UUID) -> None:
        """Make a key that lives for a term unless it is attached to somebody."""
        ...

    def attach(self, key_id: UUID, user_id: UUID) -> None:
        """From now on it is destroyed with this user's own key, at once if that is gone already."""
        ...

    def destroy_unattached(self) -> int:
        """Destroy those whose term is over; how many there were."""
        ...


class PurchaseRecords(Protocol):
    """Purchases as read models know them, which may lag behind the log."""

    def started_between(self, since: datetime, until: datetime) -> list[UUID]:
        """Those begun since then, the oldest first."""
        ...

    def of_user(self, user_id: UUID) -> list[UUID]:
        """All of a user's, the oldest first."""
        ...

    def moved(self, since: datetime | None, until: datetime) -> dict[str, int]:
        """The money recorded in a period by kind of movement, in minor units."""
        ...
