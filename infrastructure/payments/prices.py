"""Stripe's prices against our table of offers: found by lookup key, compared field by field."""

from collections.abc import Mapping
from typing import Any

from application.payments import PriceReport, PriceState
from domain.offers import Offer


def compared(offer: Offer, price: Mapping[str, Any] | None) -> PriceReport:
    """How a price, as Stripe tells it, stands against the offer."""
    if price is None:
        return PriceReport(offer.key, PriceState.MISSING, None)
    told = dict(price.get("metadata") or {})
    expected = {
        "active": (bool(price.get("active")), True),
        "unit_amount": (price.get("unit_amount"), offer.unit_amount),
        "currency": (price.get("currency"), offer.currency),
        "type": (price.get("type"), "one_time"),
        "transform_quantity": (price.get("transform_quantity"), None),
        **_of_product(price.get("product")),
        **{f"metadata.{name}": (told.get(name), value) for name, value in offer.metadata.items()},
    }
    differences = tuple(
        f"{name} is {found!r}, not {wanted!r}"
        for name, (found, wanted) in expected.items()
        if found != wanted
    )
    state = PriceState.DRIFTED if differences else PriceState.SOUND
    return PriceReport(offer.key, state, str(price["id"]), differences)


def _of_product(product: Any) -> dict[str, tuple[Any, Any]]:
    """Of the product, if it was told with its price: one that was archived or deleted cannot be sold."""
    if not isinstance(product, Mapping):
        return {}
    sold = bool(product.get("active", True)) and not product.get("deleted")
    return {"product.active": (sold, True)}
