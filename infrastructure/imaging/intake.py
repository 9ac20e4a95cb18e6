"""A photo coming in: decoded once, to its end, for its facts and its small versions alike."""

from functools import partial
from typing import Any

from application.photos import TakenIn
from application.pictures import PREVIEW, THUMBNAIL
from infrastructure.imaging.containers.exif import UPRIGHT
from infrastructure.imaging.decoding import (
    decoding,
    flattened,
    media_type_of,
    open_in_order,
    orientation_of,
    strictly_first,
    upright_srgb,
)
from infrastructure.imaging.inspection import facts_of
from infrastructure.imaging.metadata import strip

QUALITY = 82
"""Of both as JPEG."""


def take_in(photo: bytes) -> TakenIn:
    """The photo stripped, its facts, a preview and a thumbnail, which are never larger than the photo.

    A JPEG more than twice as large as the preview is decoded at half its size: its coded pixels are read to
    the end all the same, and so is every damage in them found.
    Raises PhotoEmpty, PhotoUnsupported, PhotoUnreadable, PhotoAnimated or PhotoHasTooManyPixels.
    """
    original = strip(photo)
    return strictly_first(original, partial(_taken_in, original))


def _taken_in(original: bytes, strict: bool) -> TakenIn:
    media_type = media_type_of(original)
    image = open_in_order(original, strict=strict)
    facts = facts_of(media_type, image)
    shortest, longest = sorted((image.width, image.height))
    if media_type == "image/jpeg" and longest >= 2 * PREVIEW and shortest > 1:
        image = open_in_order(original, shrink=2, strict=strict)
    small = _fitted(flattened(image), PREVIEW)
    with decoding():
        if orientation_of(image) != UPRIGHT:  # turning reads the rows out of order
            small = small.copy_memory()
        preview = upright_srgb(small).copy_memory()
        return TakenIn(facts, original, _encoded(preview), _encoded(_fitted(preview, THUMBNAIL)))


def _fitted(image: Any, longest: int) -> Any:
    scale = longest / max(image.width, image.height)
    if scale >= 1:
        return image
    return image.resize(
        max(1, round(image.width * scale)) / image.width,
        vscale=max(1, round(image.height * scale)) / image.height,
    )


def _encoded(image: Any) -> bytes:
    return bytes(image.jpegsave_buffer(Q=QUALITY, keep="none"))
