"""Small versions of photos for lists and pages."""

from math import floor, log2
from typing import Any

from infrastructure.imaging.decoding import (
    LYING,
    decoding,
    flattened,
    open_photo,
    orientation_of,
    upright_srgb,
)

PREVIEW_QUALITY = 84
"""Of the JPEG: enough for a picture that is looked at in passing."""


def preview(photo: bytes, longest_side: int) -> bytes:
    """The photo, upright and in sRGB, as a JPEG whose longest side is `longest_side` pixels; never enlarged.

    Raises PhotoEmpty, PhotoUnsupported, PhotoUnreadable or PhotoHasTooManyPixels.
    """
    image = fitted(photo, longest_side, longest_side)
    with decoding():
        return bytes(image.jpegsave_buffer(Q=PREVIEW_QUALITY, keep="none", optimize_coding=True))


def fitted(photo: bytes, width: int, height: int) -> Any:
    """The photo as a libvips image, upright and in sRGB, reduced to fit into width x height pixels.

    A JPEG is decoded at a fraction of its size, at least twice as large as is wanted, so that it stays sharp.
    Raises PhotoEmpty, PhotoUnsupported, PhotoUnreadable or PhotoHasTooManyPixels.
    """
    whole = open_photo(photo)
    if orientation_of(whole) >= LYING:
        width, height = height, width
    scale = min(1.0, width / whole.width, height / whole.height)
    shortest = min(whole.width, whole.height)
    halvings = min(3, max(0, floor(log2(1 / scale)) - 1), floor(log2(shortest)))
    image = flattened(open_photo(photo, shrink=2**halvings))
    if scale < 1:
        wanted = max(1, round(whole.width * scale)), max(1, round(whole.height * scale))
        image = image.resize(wanted[0] / image.width, vscale=wanted[1] / image.height)
    return upright_srgb(image)
