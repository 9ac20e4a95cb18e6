"""Looking at a photo that comes in: decoding it to the end decides whether it is one, and how large."""

from typing import Any

from application.photos import PhotoFacts
from infrastructure.imaging.decoding import (
    LYING,
    decoding,
    media_type_of,
    open_in_order,
    orientation_of,
    strictly_first,
)
from infrastructure.imaging.metadata import strip


def inspect(photo: bytes) -> PhotoFacts:
    """Decode what `strip` keeps of the photo, which is what will be stored, to its last pixel.

    Neither a name nor a header is believed, but a header that claims too many pixels is refused at once.
    Raises PhotoEmpty, PhotoUnsupported, PhotoUnreadable, PhotoAnimated or PhotoHasTooManyPixels.
    """
    original = strip(photo)

    def decoded(strict: bool) -> PhotoFacts:
        image = open_in_order(original, strict=strict)
        with decoding():
            image.avg()  # the cheapest operation that needs all pixels
        return facts_of(media_type_of(original), image)

    return strictly_first(original, decoded)


def facts_of(media_type: str, image: Any) -> PhotoFacts:
    """Of a photo as it was opened, not turned yet."""
    lies = orientation_of(image) >= LYING
    width, height = (image.height, image.width) if lies else (image.width, image.height)
    return PhotoFacts(media_type, width, height)
