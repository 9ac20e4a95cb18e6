"""HEIC and HEIF as libvips images: libheif decodes them, since our libvips comes without an HEVC decoder."""

from typing import Any

import pillow_heif
import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed
from pillow_heif import options

from application.photos import PhotoUnreadable, check_size
from infrastructure.imaging.colours import in_space, with_profile
from infrastructure.imaging.profiles import space_numbered

options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
options.DECODE_THREADS = 1

_UNDECODABLE = (ValueError, EOFError, SyntaxError, RuntimeError, OSError)
"""What pillow-heif raises for files that it cannot read."""
_BANDS = {"L": 1, "I": 1, "LA": 2, "La": 2, "RGB": 3, "RGBA": 4, "RGBa": 4}


def load(photo: bytes) -> Any:
    """The primary picture, decoded, upright by the file's own rotation, with the profile of its colours.

    Raises PhotoUnreadable, or PhotoHasTooManyPixels or PhotoTooLong before anything is decoded.
    """
    try:
        picture = pillow_heif.open_heif(photo, convert_hdr_to_8bit=False)
        if not len(picture):
            raise PhotoUnreadable
        check_size(*picture.size)
        pixels = picture.data
    except _UNDECODABLE as error:
        raise PhotoUnreadable from error
    image = _image(pixels, picture)
    if icc := picture.info.get("icc_profile"):
        return with_profile(image, icc)
    named = picture.info.get("nclx_profile", {})
    space = space_numbered(named.get("color_primaries", 0), named.get("transfer_characteristics", 0))
    return in_space(image, space) if space else image


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
