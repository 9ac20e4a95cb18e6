"""What the application knows of pictures, and what can be wrong with a photo somebody sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PHOTO_BYTES = 15 * 1000 * 1000
"""The largest photo taken, in bytes (15 MB; docs/domain.md, Rules)."""
PHOTO_MEGAPIXELS = 60
"""The most pixels a photo may have, in millions (docs/domain.md, Rules)."""
PHOTO_SIDE = 65_500
"""The most pixels that a side of a photo may have: no JPEG can be made of more (domain.md, Rules)."""


@dataclass(frozen=True)
class PhotoFacts:
    """What decoding a photo showed. Width and height are those of the picture shown upright, in pixels."""

    media_type: str
    width: int
    height: int


@dataclass(frozen=True)
class TakenIn:
    """A photo as it is kept, and its small versions as JPEG."""

    facts: PhotoFacts
    original: bytes
    """Without GPS and other personal metadata, its pixels untouched."""
    preview: bytes
    thumbnail: bytes


class PhotoRejected(Exception):
    """The bytes cannot be taken as a photo. Subclasses say why."""


class PhotoEmpty(PhotoRejected):
    """There are no bytes."""


class PhotoTooLarge(PhotoRejected):
    """More bytes than PHOTO_BYTES."""


class PhotoUnsupported(PhotoRejected):
    """Not a format that is taken, whatever its name or header says."""


class PhotoUnreadable(PhotoRejected):
    """Of a format that is taken, but it cannot be decoded to the end."""


class PhotoAnimated(PhotoRejected):
    """More than one picture in one file."""


class PhotoTooLong(PhotoRejected):
    """More pixels on a side than PHOTO_SIDE."""

    limit = PHOTO_SIDE


class PhotoHasTooManyPixels(PhotoRejected):
    def __init__(self, megapixels: float) -> None:
        super().__init__(megapixels)
        self.megapixels, self.limit = megapixels, PHOTO_MEGAPIXELS


def check_size(width: int, height: int) -> None:
    """Of a photo that claims to be so large, in pixels. Raises PhotoHasTooManyPixels or PhotoTooLong."""
    if (megapixels := width * height / 1e6) > PHOTO_MEGAPIXELS:
        raise PhotoHasTooManyPixels(megapixels)
    if max(width, height) > PHOTO_SIDE:
        raise PhotoTooLong


_CODES: Final[Mapping[type[PhotoRejected], str]] = {
    PhotoEmpty: "photo_empty",
    PhotoTooLarge: "photo_too_large",
    PhotoUnsupported: "photo_unsupported",
    PhotoUnreadable: "photo_unreadable",
    PhotoAnimated: "photo_animated",
    PhotoTooLong: "photo_too_long",
    PhotoHasTooManyPixels: "photo_has_too_many_pixels",
}


def rejection_code(rejected: PhotoRejected) -> str:
    """The code with which a photo fails that was rejected so."""
    return _CODES.get(type(rejected), "photo_rejected")
