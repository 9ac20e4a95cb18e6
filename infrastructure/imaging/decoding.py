"""Opening photos: which formats are taken, and how their bytes become upright sRGB pixels by libvips."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed

from application.photos import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoUnreadable,
    PhotoUnsupported,
    check_size,
)
from infrastructure.imaging import heif
from infrastructure.imaging.colours import PROFILE, in_space, with_profile
from infrastructure.imaging.containers.exif import UPRIGHT
from infrastructure.imaging.containers.heif import HEIC_BRANDS, HEIF_BRANDS, SEQUENCE_BRANDS
from infrastructure.imaging.containers.png import SIGNATURE, space_of

Pixels = npt.NDArray[np.uint8]
"""Upright sRGB: shape (height, width, 3), 0 to 255."""
Access = Literal["sequential", "random"]
R = TypeVar("R")

LYING = 5
"""Orientations from here on exchange width and height."""

_WHITE_8_BIT, _WHITE_16_BIT = 255, 65535
_INKS = bytes(pyvips.Operation.call("profile_load", "cmyk"))
"""The profile of CMYK that comes with libvips."""
_LOADERS = {
    "image/jpeg": "jpegload_buffer",
    "image/png": "pngload_buffer",
    "image/webp": "webpload_buffer",
}
"""The loader of each format is called by name: libvips never chooses one from the bytes by itself."""
_DAMAGE = re.compile(
    "premature end|bad Huffman code|bad arithmetic code|instead of RST|extraneous bytes before marker 0xd[0-7]"
)
"""In warnings of the JPEG decoder, those of lost pixels; others are about bytes that don't matter."""

pyvips.cache_set_max(0)  # results are never asked for twice, and the cache would keep whole photos in memory


def media_type_of(photo: bytes) -> str:
    """What the first bytes claim the photo to be. Raises PhotoEmpty, PhotoUnsupported or PhotoAnimated."""
    if not photo:
        raise PhotoEmpty
    if photo.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if photo.startswith(SIGNATURE):
        return "image/png"
    if photo[:4] == b"RIFF" and photo[8:12] == b"WEBP":
        return "image/webp"
    if photo[4:8] == b"ftyp":
        return _heif_type_of(photo[8:12])
    raise PhotoUnsupported


def _heif_type_of(brand: bytes) -> str:
    if brand in HEIC_BRANDS:
        return "image/heic"
    if brand in HEIF_BRANDS:
        return "image/heif"
    if brand in SEQUENCE_BRANDS:
        raise PhotoAnimated
    raise PhotoUnsupported


@contextmanager
def decoding() -> Iterator[None]:
    """Whatever libvips cannot decode inside is raised as PhotoUnreadable, without its text."""
    try:
        yield
    except pyvips.Error as error:
        raise PhotoUnreadable from error


def open_photo(photo: bytes, *, shrink: int = 1) -> Any:
    """The photo as a libvips image that can be turned upright: its header is checked, no pixel decoded yet.

    Only a JPEG can shrink while it is decoded, by 2, 4 or 8; other formats ignore `shrink`. Pixels decoded
    later raise pyvips.Error if they are damaged, so read them inside `decoding()`.
    Raises PhotoEmpty, PhotoUnsupported, PhotoAnimated, PhotoUnreadable or PhotoHasTooManyPixels.
    """
    image = open_in_order(photo, shrink=shrink)
    if orientation_of(image) != UPRIGHT:  # turning reads the rows out of order
        return _open(photo, shrink, access="random", fail_on="error")
    return image


def open_in_order(photo: bytes, *, shrink: int = 1, strict: bool = False) -> Any:
    """The same, but its rows can be read only once and from the top: it takes next to no memory.

    A JPEG whose coded pixels are damaged has grey or shifted parts; `strict` lets it fail instead.
    """
    return _open(photo, shrink, access="sequential", fail_on="warning" if strict else "error")


def strictly_first(photo: bytes, read: Callable[[bool], R]) -> R:
    """What `read` makes of a photo that it opens strictly, or not, if no pixel of it is damaged.

    Cameras write JPEGs that decoders warn of, such as with a few bytes too many. Raises what `read` raises.
    """
    if media_type_of(photo) != "image/jpeg":
        return read(False)
    try:
        return read(True)
    except PhotoUnreadable as error:
        if _DAMAGE.search(str(error.__cause__)):
            raise
        return read(False)


def orientation_of(image: Any) -> int:
    """The EXIF orientation, 1 to 8; 1 also where there is none or one that means nothing."""
    orientation = int(image.get("orientation")) if image.get_typeof("orientation") else UPRIGHT
    return orientation if orientation in range(1, 9) else UPRIGHT


def upright_srgb(image: Any) -> Any:
    """The image as it is meant to be seen, as a libvips image of three 8-bit sRGB bands, without alpha."""
    return _srgb(flattened(image)).cast("uchar").autorot()


def flattened(image: Any) -> Any:
    """The image without transparency: white shows through."""
    if not image.hasalpha():
        return image
    return image.flatten(background=_WHITE_16_BIT if image.format == "ushort" else _WHITE_8_BIT)


def pixels_of(image: Any) -> Pixels:
    """The pixels of an 8-bit image of three bands, decoded now. Raises PhotoUnreadable."""
    with decoding():
        memory = image.write_to_memory()
    return np.frombuffer(memory, np.uint8).reshape(image.height, image.width, 3)


def image_of(pixels: Pixels) -> Any:
    """The same pixels as a libvips image, not copied."""
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.data, width, height, bands, "uchar")
    return image.copy(interpretation="srgb")


def _srgb(image: Any) -> Any:
    if image.get_typeof(PROFILE):
        try:
            return _by_profile(image)
        except pyvips.Error:  # a damaged profile is no reason to refuse the photo: its numbers are sRGB then
            image = image.copy()
            image.remove(PROFILE)
    if image.interpretation == "cmyk":  # of unknown inks: those of most printers, and black is black
        return _by_profile(with_profile(image, _INKS))
    return image.colourspace("srgb")


def _by_profile(image: Any) -> Any:
    return image.icc_transform(
        "srgb", embedded=True, intent="relative", black_point_compensation=True, depth=8
    )


def _open(photo: bytes, shrink: int, *, access: Access, fail_on: Literal["error", "warning"]) -> Any:
    media_type = media_type_of(photo)
    if media_type not in _LOADERS:
        return heif.load(photo)
    shrunk = {"shrink": shrink} if media_type == "image/jpeg" else {}
    with decoding():
        memory = access == "random" or media_type == "image/webp"  # which is decoded as a whole
        image = _load(media_type, photo, access=access, memory=memory, fail_on=fail_on, **shrunk)
        whole = _load(media_type, photo) if shrunk.get("shrink", 1) > 1 else image
        check_size(whole.width, whole.height)
        if media_type == "image/png" and (space := space_of(photo)):
            return in_space(image, space)
        return image


def _load(media_type: str, photo: bytes, **options: Any) -> Any:
    return pyvips.Operation.call(_LOADERS[media_type], photo, **options)
