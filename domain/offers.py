"""What is for sale: the table of offers, which prices at the payment provider are checked against."""

from dataclasses import dataclass
from types import MappingProxyType

from domain.errors import DomainError

APP = "stageinseconds"
"""Every price and payment of ours carries it: an account at the provider may serve other apps, too."""
CURRENCY = "usd"
SMALLEST_QUANTITY, LARGEST_QUANTITY = 1, 500
"""Of one checkout (docs/domain.md, Rules)."""


class OfferUnknown(DomainError):
    def __init__(self, offer: str) -> None:
        super().__init__(offer)
        self.offer = offer


class QuantityOutOfRange(DomainError):
    def __init__(self, quantity: int) -> None:
        super().__init__(quantity)
        self.quantity, self.smallest, self.largest = quantity, SMALLEST_QUANTITY, LARGEST_QUANTITY


@dataclass(frozen=True)
class Offer:
    """So many credits for so much, as often as the quantity says."""

    key: str
    """Its name everywhere, and the lookup key of its price at the provider."""
    name: str
    credits: int
    unit_amount: int
    """In cents."""
    currency: str = CURRENCY

    @property
    def metadata(self) -> dict[str, str]:
        """What its price must say about itself; a price without it is refused."""
        return {"app": APP, "type": self.key, "credits_per_unit": str(self.credits)}


OFFERS = MappingProxyType(
    {
        offer.key: offer
        for offer in (
            Offer("PAYG_IMAGE_CREDIT", "1 credit", 1, 1_00),
            Offer("PACK_20_CREDITS", "20 credits", 20, 18_00),
            Offer("PACK_50_CREDITS", "50 credits", 50, 40_00),
            Offer("PACK_100_CREDITS", "100 credits", 100, 75_00),
        )
    }
)
"""All offers by their keys (docs/domain.md, Rules)."""


def offered(key: str) -> Offer:
    """Raises OfferUnknown."""
    if (offer := OFFERS.get(key)) is None:
        raise OfferUnknown(key)
    return offer


def checked_quantity(quantity: int) -> int:
    """Raises QuantityOutOfRange."""
    if not SMALLEST_QUANTITY <= quantity <= LARGEST_QUANTITY:
        raise QuantityOutOfRange(quantity)
    return quantity
