"""HEIC and HEIF as libvips images: libheif decodes them, since our libvips comes without an HEVC decoder."""

from typing import Any

import pillow_heif
import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed
from pillow_heif import options

from application.photos import PHOTO_MEGAPIXELS, PhotoHasTooManyPixels, PhotoUnreadable
from infrastructure.imaging.profiles import BT_2020, DISPLAY_P3, profile_of

options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
options.DECODE_THREADS = 1

_UNDECODABLE = (ValueError, EOFError, SyntaxError, RuntimeError, OSError)
"""What pillow-heif raises for files that it cannot read."""
_NAMED_PROFILES = {9: profile_of(BT_2020), 12: profile_of(DISPLAY_P3)}
"""By their number among the colour primaries of ITU-T H.273; the others are near enough to sRGB."""
_BANDS = {"L": 1, "I": 1, "LA": 2, "La": 2, "RGB": 3, "RGBA": 4, "RGBa": 4}


def load(photo: bytes) -> Any:
    """The primary picture, decoded, upright by the file's own rotation, with the profile of its colours.

    Raises PhotoUnreadable or PhotoHasTooManyPixels; the latter before anything is decoded.
    """
    try:
        picture = pillow_heif.open_heif(photo, convert_hdr_to_8bit=False)
        if not len(picture):
            raise PhotoUnreadable
        width, height = picture.size
        megapixels = width * height / 1e6
        if megapixels > PHOTO_MEGAPIXELS:
            raise PhotoHasTooManyPixels(megapixels)
        pixels = picture.data
    except _UNDECODABLE as error:
        raise PhotoUnreadable from error
    image = _image(pixels, picture)
    if icc := picture.info.get("icc_profile"):
        return _with_profile(image, icc)
    primaries = int(picture.info.get("nclx_profile", {}).get("color_primaries", 1))
    return _with_profile(image, _NAMED_PROFILES[primaries]) if primaries in _NAMED_PROFILES else image


def _image(pixels: bytes, picture: pillow_heif.HeifFile) -> Any:
    bands, deep = picture.mode.split(";")[0], picture.mode.endswith(";16")
    count = _BANDS[bands]
    image = pyvips.Image.new_from_memory(pixels, *picture.size, count, "ushort" if deep else "uchar")
    if count > 2:  # colours
        image = image.copy(interpretation="rgb16" if deep else "srgb")
    else:
        image = image.copy(interpretation="grey16" if deep else "b-w")
    if bands.endswith("a"):  # its colours are multiplied by its alpha already
        image = image.unpremultiply().cast(image.format)
    return image


def _with_profile(image: Any, profile: bytes) -> Any:
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image
