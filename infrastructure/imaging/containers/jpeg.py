"""The segments of a JPEG, and which of them are the picture (ITU-T T.81, Annex B; JFIF 1.02; Exif 3.0)."""

import re
import struct
from collections.abc import Iterator

from application.photos import PhotoUnreadable
from infrastructure.imaging.containers.exif import PREFIX, UPRIGHT, Look, exif_of, look_of
from infrastructure.imaging.containers.icc import profile_in
from infrastructure.imaging.profiles import ADOBE_RGB, profile_of

MOST_SCANS = 100
"""More are only sent to keep decoders busy: each goes over the whole picture. Encoders make about 10."""
MOST_MARKERS = 2_000
"""Outside of scans. A photo of 15 MB, all of it in the largest segments, has a tenth; empty ones cost time."""

_EOI, _SOS = 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_DROPPED = {*range(0xE0, 0xF0), 0xFE}
"""Applications' own segments, of which a few are kept all the same, and comments."""
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a segment: TEM and the restart markers."""
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PICTURE = {*_FRAMES, 0xC4, 0xCC, _SOS, 0xDB, 0xDC, 0xDD}
"""Frames and scans with their tables."""
_KNOWN = _PICTURE | _DROPPED
"""Decoders give up at any other."""
_JFIF = b"JFIF\x00"
_JFIF_BYTES = 12
"""Up to the size of its thumbnail."""
_ICC = b"ICC_PROFILE\x00"
_ICC_BYTES = len(_ICC) + 2
"""Up to the part of the profile: its number and how many there are stand before it."""
_MOST_ICC = 0xFFFF - 2 - _ICC_BYTES
_ADOBE = b"Adobe"
_ADOBE_BYTES = 12
_COLOURS = 3
"""Components of a frame that can be RGB."""
_ADOBE_RGB_PROFILE = profile_of(ADOBE_RGB)
_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
"""The marker that ends the coded pixels of a scan: neither a stuffed byte, nor filling, nor a restart."""


def stripped(photo: bytes) -> bytes:
    """Only the picture, its orientation and its ICC profile; nothing that stands behind its end.

    That also drops the second pictures that phones add: thumbnails, gain maps, motion photos. Cameras say in
    Exif alone that colours are Adobe RGB: then the profile is added that says it for everybody.
    Raises PhotoUnreadable when its segments do not lead from its beginning to its end.
    """
    first: list[bytes] = []
    kept: list[bytes | memoryview] = []
    parts: dict[int, bytes] = {}
    look, components = Look(), 0
    for marker, content, scan in _segments(photo):
        if marker == _APP1 and content.startswith(PREFIX):
            look = look if look != Look() else look_of(content)
        elif marker == _APP0 and content.startswith(_JFIF):
            first = [_segment(_APP0, content[:_JFIF_BYTES].ljust(_JFIF_BYTES, b"\0") + b"\0\0")]
        elif marker == _APP14 and content.startswith(_ADOBE):
            kept.append(_segment(_APP14, content[:_ADOBE_BYTES]))
        elif marker == _APP2 and content.startswith(_ICC):
            number, part = content[len(_ICC) : _ICC_BYTES], content[_ICC_BYTES:]
            parts.setdefault(int.from_bytes(number[:1]), part)
        elif marker in _PICTURE:
            components = content[5] if marker in _FRAMES and len(content) > 5 else components
            kept += [_segment(marker, content), scan]
    if look.orientation != UPRIGHT:
        first.append(_segment(_APP1, PREFIX + exif_of(look.orientation)))
    profile = profile_in(b"".join(parts[number] for number in sorted(parts)))
    if look.adobe_rgb and not profile and components == _COLOURS:
        profile = _ADOBE_RGB_PROFILE
    first += _profile_segments(profile)
    return b"".join([b"\xff\xd8", *first, *kept, b"\xff\xd9"])


def _segments(photo: bytes) -> Iterator[tuple[int, bytes, memoryview]]:
    """The marker of each segment, what it holds, and the coded pixels that follow it, up to the end."""
    whole = memoryview(photo)
    position, scans = 2, 0
    for _ in range(MOST_MARKERS):
        marker, position = _next_marker(photo, position)
        if marker == _EOI and scans:
            return
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(whole[position : position + 2], "big")
        begin, end = position + 2, position + length
        if marker not in _KNOWN or begin > end or end > len(photo):
            raise PhotoUnreadable
        position = end
        if marker == _SOS:
            scans += 1
            if scans > MOST_SCANS:
                raise PhotoUnreadable
            following = _AFTER_SCAN.search(photo, end)
            if following is None:
                raise PhotoUnreadable
            position = following.start()
        yield marker, photo[begin:end], whole[end:position]
    raise PhotoUnreadable


def _next_marker(photo: bytes, position: int) -> tuple[int, int]:
    """The next marker's code and where it ends; stray bytes before it are passed over, as decoders do."""
    following = _MARKER.search(photo, position)
    if following is None:
        raise PhotoUnreadable
    return photo[following.end() - 1], following.end()


def _profile_segments(profile: bytes) -> list[bytes]:
    pieces = [profile[begin : begin + _MOST_ICC] for begin in range(0, len(profile), _MOST_ICC)]
    return [
        _segment(_APP2, _ICC + bytes([number, len(pieces)]) + piece)
        for number, piece in enumerate(pieces, start=1)
    ]


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
