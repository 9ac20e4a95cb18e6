"""The chunks of a PNG, and which of them are the picture (PNG Third Edition, W3C 2025)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

from application.photos import PhotoAnimated, PhotoUnreadable
from infrastructure.imaging.containers.exif import UPRIGHT, exif_of, look_of
from infrastructure.imaging.containers.icc import profile_in
from infrastructure.imaging.profiles import SRGB, ColourSpace, space_numbered

SIGNATURE = b"\x89PNG\r\n\x1a\n"

LARGEST_PROFILE = 8_000_000
"""Bytes of an ICC profile, unpacked. The largest of printing houses have half; libpng takes no more."""

_PICTURE = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB sBIT cICP mDCV cLLI pHYs".split())
_ANIMATION = frozenset(b"acTL fcTL fdAT".split())
_SRGB_GAMMA = 2.2
_SMALLEST, _LARGEST, _SEEN = 0.2, 10.0, 0.05
"""Exponents beyond these are nonsense, and nobody sees a smaller difference of one from that of sRGB."""
_NUMBERS, _GAMMA, _CHROMATICITIES = struct.Struct(">4B"), struct.Struct(">I"), struct.Struct(">8I")
"""What cICP, gAMA and cHRM hold: numbers of ITU-T H.273; the others white, red, green and blue, x before y."""
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


def space_of(photo: bytes) -> ColourSpace | None:
    """The colour space that a PNG names without embedding it; None where that is sRGB (PNG, 4.3).

    Renderers write light as it is and tell so, some editors the primaries of their screen.
    """
    told: dict[bytes, bytes] = {}
    for name, begin, end in _chunks(photo):
        if name == b"IDAT":
            break
        told.setdefault(name, photo[begin : min(end, begin + _CHROMATICITIES.size)])
    if len(numbers := told.get(b"cICP", b"")) == _NUMBERS.size:
        primaries, transfer, _, _ = _NUMBERS.unpack(numbers)
        return space_numbered(primaries, transfer)
    if told.keys() & {b"iCCP", b"sRGB"} or len(told.get(b"gAMA", b"")) != _GAMMA.size:
        return None
    (gamma,) = _GAMMA.unpack(told[b"gAMA"])
    return _space(gamma, told.get(b"cHRM", b""))


def _space(gamma: int, chromaticities: bytes) -> ColourSpace | None:
    """Of numbers that are to be divided by 100,000; nonsense among them tells nothing."""
    space = SRGB
    if len(chromaticities) == _CHROMATICITIES.size:
        x_and_y = [number / 100_000 for number in _CHROMATICITIES.unpack(chromaticities)]
        white, red, green, blue = zip(x_and_y[::2], x_and_y[1::2], strict=True)
        told = ColourSpace("of a PNG", red, green, blue, white)
        space = told if told.is_real and not told.resembles(SRGB) else SRGB
    exponent = 100_000 / gamma if gamma else _SRGB_GAMMA
    if not _SMALLEST <= exponent <= _LARGEST:
        exponent = _SRGB_GAMMA
    if space is SRGB and abs(exponent / _SRGB_GAMMA - 1) <= _SEEN:
        return None
    return replace(space, gamma=exponent)


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
    """Whether an ICC profile can be unpacked from it and nothing else, and is no bomb."""
    _, _, packed = content.partition(b"\0")
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed[1:], LARGEST_PROFILE)
    except zlib.error:
        return False
    return unpacking.eof and not unpacking.unused_data and profile_in(profile) == profile


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
