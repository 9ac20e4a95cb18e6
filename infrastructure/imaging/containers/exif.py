"""The little of Exif 3.0 that tells how a picture looks: which way up, and the space of its colours."""

import struct
from typing import NamedTuple

UPRIGHT = 1
"""The value of the tag Orientation that asks for nothing to be turned (4.6.5.1.6)."""
PREFIX = b"Exif\x00\x00"
"""Stands before the TIFF structure in JPEG, and in some other files too."""

_ORIENTATIONS = range(1, 9)
_TIFF_MAGIC = 42
_ORIENTATION_TAG, _EXIF_TAG, _COLOUR_SPACE_TAG, _INTEROPERABILITY_TAG, _INDEX_TAG = (
    0x112,
    0x8769,
    0xA001,
    0xA005,
    1,
)
_SHORT = 3
_ADOBE_RGB = 2
"""A value of the tag ColorSpace that the standard does not know, but some cameras write."""
_ADOBE_RGB_INDEX = b"R03\x00"
"""The interoperability index of files whose colours are Adobe RGB (DCF 2.0, 3.2.5)."""
_ENTRY_BYTES, _MOST_ENTRIES = 12, 1000


class Look(NamedTuple):
    """What an Exif block says of how the picture is to be seen."""

    orientation: int = UPRIGHT
    adobe_rgb: bool = False


def look_of(exif: bytes) -> Look:
    """What it says; where it says nothing, or is damaged, that is upright and no more."""
    tiff = exif.removeprefix(PREFIX)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8 or struct.unpack_from(f"{order}H", tiff, 2)[0] != _TIFF_MAGIC:
        return Look()
    main = _directory(tiff, order, tiff[4:8])
    details = _directory(tiff, order, main.get(_EXIF_TAG, b""))
    rules = _directory(tiff, order, details.get(_INTEROPERABILITY_TAG, b""))
    orientation = _number(main.get(_ORIENTATION_TAG, b""), order)
    return Look(
        orientation if orientation in _ORIENTATIONS else UPRIGHT,
        _number(details.get(_COLOUR_SPACE_TAG, b""), order) == _ADOBE_RGB
        or rules.get(_INDEX_TAG) == _ADOBE_RGB_INDEX,
    )


def exif_of(orientation: int) -> bytes:
    """A TIFF structure, as Exif has it, that tells the orientation and nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION_TAG, _SHORT, 1, orientation, 0)
    return struct.pack(">2sHIH", b"MM", _TIFF_MAGIC, 8, 1) + entry + struct.pack(">I", 0)


def _directory(tiff: bytes, order: str, pointer: bytes) -> dict[int, bytes]:
    """The four bytes, value or pointer, of each tag in the directory that the pointer names."""
    if len(pointer) < 4:
        return {}
    (begin,) = struct.unpack(f"{order}I", pointer)
    (count,) = struct.unpack(f"{order}H", tiff[begin : begin + 2].ljust(2, b"\0"))
    tags: dict[int, bytes] = {}
    for entry in range(begin + 2, begin + 2 + min(count, _MOST_ENTRIES) * _ENTRY_BYTES, _ENTRY_BYTES):
        if entry + _ENTRY_BYTES > len(tiff):
            break
        (tag,) = struct.unpack_from(f"{order}H", tiff, entry)
        tags.setdefault(tag, tiff[entry + 8 : entry + _ENTRY_BYTES])
    return tags


def _number(value: bytes, order: str) -> int:
    """A SHORT, or a small LONG, as some write it: then it stands last where the most significant byte is first."""
    first, last = struct.unpack(f"{order}HH", value) if value else (0, 0)
    return int(first or (last if order == ">" else 0))
