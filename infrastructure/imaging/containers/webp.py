"""The chunks of a WebP, and which of them are the picture (RFC 9649)."""

import struct
from collections.abc import Iterator

from application.photos import PhotoAnimated, PhotoUnreadable
from infrastructure.imaging.containers.exif import UPRIGHT, exif_of, look_of
from infrastructure.imaging.containers.icc import profile_in

_PICTURE = {b"VP8 ", b"VP8L", b"ALPH"}
_ANIMATION = {b"ANIM", b"ANMF"}
_HAS_ANIMATION, _HAS_XMP, _HAS_EXIF, _HAS_PROFILE = 0x02, 0x04, 0x08, 0x20
_VP8X_BYTES = 10


def stripped(photo: bytes) -> bytes:
    """Only the picture, its orientation and its ICC profile; nothing that stands behind its end.

    Raises PhotoAnimated, or PhotoUnreadable when its chunks do not fill it.
    """
    extended = profile = b""
    kept: list[bytes | memoryview] = []
    orientation = UPRIGHT
    seen: set[bytes] = set()
    for name, begin, end in _chunks(photo):
        if name in _ANIMATION:
            raise PhotoAnimated
        if name == b"VP8X":
            extended = photo[begin:end].ljust(_VP8X_BYTES, b"\0")[:_VP8X_BYTES]
        elif name == b"EXIF":
            orientation = look_of(photo[begin:end]).orientation
        elif name == b"ICCP":
            profile = profile or profile_in(photo[begin:end])
        elif name in _PICTURE and name not in seen:  # of two, decoders know the first alone
            seen.add(name)
            kept += _chunk(name, memoryview(photo)[begin:end])
    if extended:
        oriented = orientation != UPRIGHT
        flags = extended[0] & ~(_HAS_ANIMATION | _HAS_XMP | _HAS_EXIF | _HAS_PROFILE)
        flags |= (_HAS_EXIF if oriented else 0) | (_HAS_PROFILE if profile else 0)
        coloured = _chunk(b"ICCP", profile) if profile else []
        kept = [*_chunk(b"VP8X", bytes([flags]) + extended[1:]), *coloured, *kept]
        kept += _chunk(b"EXIF", exif_of(orientation)) if oriented else []
    body = b"".join([b"WEBP", *kept])
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunks(photo: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name of each chunk, and where what it holds begins and ends."""
    whole = 8 + int.from_bytes(photo[4:8], "little")
    if whole > len(photo):
        raise PhotoUnreadable
    position = 12
    while position < whole:
        if position + 8 > whole:
            raise PhotoUnreadable
        name, size = struct.unpack_from("<4sI", photo, position)
        begin, end = position + 8, position + 8 + size
        if end > whole:
            raise PhotoUnreadable
        yield name, begin, end
        position = end + size % 2


def _chunk(name: bytes, content: bytes | memoryview) -> list[bytes | memoryview]:
    return [name + struct.pack("<I", len(content)), content, b"\0" * (len(content) % 2)]
