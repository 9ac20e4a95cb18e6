"""The label of an altered picture: words burned into a corner, readable whatever they lie on."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed

from domain.brief import Label
from infrastructure.imaging.decoding import Pixels, decoding, image_of, pixels_of
from infrastructure.imaging.lettering import Colour, mask
from infrastructure.imaging.pictures import fitted

QUALITY: Final = 92
WHOLE: Final = 1_000_000
"""A size that no photo has: nothing is made smaller."""

LETTERS: Final = 0.036
"""Size of the letters, as a part of the picture's shorter side: legible in print and on a telephone."""
OF_LENGTH: Final = 0.02
"""At least this part of its longer side: a panorama is shown no wider than other pictures, and so gets small."""
SMALLEST: Final = 15
"""Of the letters, in pixels, however small the picture."""
PLATE: Final[Colour] = (16, 16, 16)
"""Dark and almost opaque, it leaves white letters a contrast of 10:1 even on white (WCAG 2.2 asks 4.5:1)."""
OPACITY: Final = 0.85
RIM: Final = 0.7
"""Opacity of the thin white rim that shows where the plate ends on a dark background."""
_SET: Final = 256
"""Pixels to the em at which the letters are set; they are only ever made smaller from there."""
_SOURCE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's digital source type of a photograph that was altered by a model."""
_XMP: Final = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'Iptc4xmpExt:DigitalSourceType="{_SOURCE}"/></rdf:RDF></x:xmpmeta>'
).encode()

Plane = npt.NDArray[np.float32]
_LETTERS: Final = {label: mask(label, _SET, bold=True).copy_memory() for label in Label}
"""Set before a photo is seen: once it is, no font can be opened any more."""


def labelled(photo: bytes, label: Label, longest_side: int = WHOLE) -> bytes:
    """The photo, upright and in sRGB, with the label in its lower left corner, as a JPEG of this size or smaller.

    Raises PhotoEmpty, PhotoUnsupported, PhotoUnreadable or PhotoHasTooManyPixels.
    """
    with decoding():
        image = fitted(photo, longest_side, longest_side).copy_memory()
    plate = _plate(_LETTERS[label], image.width, image.height)
    height, width = plate.shape[:2]
    margin = _margin(image.width, image.height)
    left = max(0, min(margin, image.width - width))
    top = max(0, image.height - height - margin)
    with decoding():
        image = image.insert(
            image_of(_laid_on(pixels_of(image.crop(left, top, width, height)), plate)), left, top
        )
        image.set_type(pyvips.GValue.blob_type, "xmp-data", _XMP)
        return bytes(image.jpegsave_buffer(Q=QUALITY, subsample_mode="off", optimize_coding=True, keep="xmp"))


def _laid_on(pixels: Pixels, plate: Plane) -> Pixels:
    """The pixels under a plate of colours with their opacity."""
    colours, opacity = plate[..., :3], plate[..., 3:]
    mixed: Pixels = np.rint(pixels * (1 - opacity) + colours * opacity).astype(np.uint8)
    return mixed


def _plate(letters: Any, picture_width: int, picture_height: int) -> Plane:
    """Letters on their plate: shape (height, width, 4), red, green and blue to 255 and opacity to 1."""
    size = min(
        max(
            SMALLEST,
            round(LETTERS * min(picture_width, picture_height)),
            round(OF_LENGTH * max(picture_width, picture_height)),
        ),
        # a very narrow picture gets smaller letters rather than half a label
        max(1, int(_SET * picture_width / (letters.width + 1.6 * _SET))),
    )
    words = _plane(letters.resize(size / _SET))
    side, above = round(0.7 * size), round(0.5 * size)
    height = min(picture_height, words.shape[0] + 2 * above)
    width = min(picture_width, words.shape[1] + 2 * side)
    shape = _rounded(height, width, radius=0.45 * size)
    rim = shape - _rounded(height, width, radius=0.45 * size, inset=max(1.0, size / 18))
    ink = np.zeros((height, width), np.float32)
    fits = words[: max(0, height - above), : max(0, width - side)]
    ink[above : above + fits.shape[0], side : side + fits.shape[1]] = fits
    white = np.maximum(ink, rim * RIM)
    plate = np.empty((height, width, 4), np.float32)
    plate[..., :3] = white[..., None] * 255 + (1 - white[..., None]) * np.array(PLATE, np.float32)
    plate[..., 3] = shape * np.maximum(OPACITY, white)
    return plate


def _rounded(height: int, width: int, *, radius: float, inset: float = 0.0) -> Plane:
    """How much of each pixel lies in a rectangle with round corners, `inset` pixels from the edges."""
    y = np.abs(np.arange(height) + 0.5 - height / 2)[:, None] - (height / 2 - radius)
    x = np.abs(np.arange(width) + 0.5 - width / 2)[None, :] - (width / 2 - radius)
    outside = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0) - radius
    inside: Plane = np.clip(0.5 - (outside + inset), 0, 1).astype(np.float32)
    return inside


def _plane(image: Any) -> Plane:
    """One band as a plane of 0 to 1."""
    with decoding():
        memory = image.write_to_memory()
    levels = np.frombuffer(memory, np.uint8).reshape(image.height, image.width)
    return levels.astype(np.float32) / np.float32(255)


def _margin(width: int, height: int) -> int:
    return round(0.025 * min(width, height))
