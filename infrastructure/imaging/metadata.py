"""Taking personal metadata out of photos without touching their pixels: the original that is kept."""

from infrastructure.imaging.containers import heif, jpeg, png, webp
from infrastructure.imaging.decoding import media_type_of

_STRIPPED = {
    "image/jpeg": jpeg.stripped,
    "image/png": png.stripped,
    "image/webp": webp.stripped,
    "image/heic": heif.stripped,
    "image/heif": heif.stripped,
}


def strip(photo: bytes) -> bytes:
    """The photo with nothing in it but the picture, its orientation and what its colours mean.

    Gone are Exif with GPS and maker notes, XMP, IPTC, comments, provenance (C2PA may name who took it),
    thumbnails, depth and gain maps, and all that stands behind the picture's end: motion photos, second
    pictures, other files. The coded pixels are copied as they are. Stripping again changes nothing.
    Raises PhotoEmpty, PhotoUnsupported, PhotoAnimated or PhotoUnreadable.
    """
    return _STRIPPED[media_type_of(photo)](photo)
