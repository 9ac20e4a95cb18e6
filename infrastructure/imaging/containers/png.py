"""The chunks of a PNG, and which of them are the picture (PNG Third Edition, W3C 2025)."""

import struct
import zlib
from collections.abc import Iterator

from application.photos import PhotoAnimated, PhotoUnreadable
from infrastructure.imaging.containers.exif import UPRIGHT, exif_of, look_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"

LARGEST_PROFILE = 8_000_000
"""Bytes of an ICC profile, unpacked. The largest of printing houses have half; libpng takes no more."""

_PICTURE = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB sBIT cICP mDCV cLLI pHYs".split())
_ANIMATION = frozenset(b"acTL fcTL fdAT".split())
_TELLS_BETTER = frozenset(b"iCCP sRGB cICP".split())
"""Chunks that go before gAMA (PNG, 4.3)."""
_SRGB_EXPONENT = 2.2
_SMALLEST, _LARGEST, _SEEN = 0.2, 10.0, 0.05
"""Exponents beyond these are nonsense, and nobody sees a smaller difference from 1."""
_BEFORE, _AFTER = 8, 4
"""Bytes around what a chunk holds: its length and name before, its checksum after."""


def stripped(photo: bytes) -> bytes:
    """Only the picture, its orientation and its colours' meaning; nothing that stands behind its end.

    Raises PhotoAnimated, or PhotoUnreadable when its chunks do not lead from its beginning to its end.
    """
    whole = memoryview(photo)
    kept: list[bytes | memoryview] = [whole[: len(SIGNATURE)]]
    oriented, pixels = b"", 0
    for name, begin, end in _chunks(photo):
        if name in _ANIMATION:
            raise PhotoAnimated
        if name == b"eXIf":
            orientation = look_of(photo[begin:end]).orientation
            oriented = _chunk(name, exif_of(orientation)) if orientation != UPRIGHT else b""
        elif name in _PICTURE or (name == b"iCCP" and _is_profile(photo[begin:end])):
            if name == b"IDAT" and not pixels:
                pixels = len(kept)
            kept.append(whole[begin - _BEFORE : end + _AFTER])
        elif name[:1].isupper():  # a critical chunk that nobody knows
            raise PhotoUnreadable
    if not pixels:
        raise PhotoUnreadable
    kept.insert(pixels, oriented)  # before the pixels, where every reader looks for it
    return b"".join(kept)


def exponent_of(photo: bytes) -> float:
    """By which power of its numbers a PNG's light is coded otherwise than sRGB's; 1 where it is not.

    Of renderers that write light as it is (a gAMA of 1), it is 2.2.
    """
    gamma = 0
    for name, begin, end in _chunks(photo):
        if name in _TELLS_BETTER:
            return 1.0
        if name == b"gAMA" and end - begin == struct.calcsize(">I"):
            (gamma,) = struct.unpack_from(">I", photo, begin)
        if name == b"IDAT":
            break
    exponent = gamma / 100_000 * _SRGB_EXPONENT
    return exponent if _SMALLEST <= exponent <= _LARGEST and abs(exponent - 1) > _SEEN else 1.0


def _chunks(photo: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name of each chunk, and where what it holds begins and ends."""
    position = len(SIGNATURE)
    name = b""
    while name != b"IEND":
        if position + _BEFORE + _AFTER > len(photo):
            raise PhotoUnreadable
        length, name = struct.unpack_from(">I4s", photo, position)
        begin, end = position + _BEFORE, position + _BEFORE + length
        position = end + _AFTER
        if position > len(photo):
            raise PhotoUnreadable
        yield name, begin, end


def _is_profile(content: bytes) -> bool:
    """Whether an ICC profile can be unpacked from it, and is no bomb."""
    _, _, packed = content.partition(b"\0")
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed[1:], LARGEST_PROFILE)
    except zlib.error:
        return False
    return unpacking.eof and int.from_bytes(profile[:4], "big") <= len(profile)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
