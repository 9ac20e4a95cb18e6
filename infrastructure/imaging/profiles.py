"""ICC profiles of colour spaces that photos name without embedding them, made from their definitions."""

import struct
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.light import to_light

Chromaticity = tuple[float, float]
"""CIE 1931 x and y."""
Matrix = npt.NDArray[np.float64]

D65: Chromaticity = (0.3127, 0.3290)
_D50 = np.array([0.9642, 1.0, 0.8249])
"""The white of the profile connection space (ICC.1:2022, 7.2.16)."""
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""From XYZ to cone responses (ICC.1:2022, Annex E)."""
_HEADER_BYTES = 128
_NARROW, _UNSEEN = 1e-4, 0.01
"""Differences between chromaticities: triangles as narrow as this are lines, and nobody sees a smaller one."""
_PAGE_WHITE = 203
"""Candelas per square metre (ITU-R BT.2408, 2.1)."""
_KNEE = 0.7
"""The part of a screen's light up to which PQ is shown as it is."""


@dataclass(frozen=True)
class ColourSpace:
    """Three primaries, a white, and a curve from encoded values to light."""

    name: str
    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity
    white: Chromaticity = D65
    gamma: float | None = None
    """The curve's exponent; None is the curve of sRGB (IEC 61966-2-1)."""
    pq: bool = False
    """Whether the curve is that of SMPTE ST 2084 instead: light up to 10,000 candelas per square metre."""

    @property
    def is_real(self) -> bool:
        """Whether its white is a mixture of its primaries: of numbers from a file, anything may be said."""
        corners = [self.red, self.green, self.blue, self.red]
        turns = [_turn(first, second, self.white) for first, second in pairwise(corners)]
        within = all(turn > _NARROW for turn in turns) or all(turn < -_NARROW for turn in turns)
        return within and all(y > 0 and x + y <= 1 for x, y in corners)

    def resembles(self, other: "ColourSpace") -> bool:
        """Whether nobody would see the difference between their primaries and whites."""
        return all(
            abs(x - other_x) + abs(y - other_y) < _UNSEEN
            for (x, y), (other_x, other_y) in (
                (self.red, other.red),
                (self.green, other.green),
                (self.blue, other.blue),
                (self.white, other.white),
            )
        )


SRGB = ColourSpace("sRGB", (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
"""IEC 61966-2-1."""
ADOBE_RGB = ColourSpace("Adobe RGB (1998)", (0.64, 0.33), (0.21, 0.71), (0.15, 0.06), gamma=563 / 256)
"""Adobe RGB (1998) Color Image Encoding, 4.3."""
DISPLAY_P3 = ColourSpace("Display P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
"""The primaries of SMPTE RP 431-2 with the white and the curve of sRGB."""
BT_2020 = ColourSpace("BT.2020", (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
"""Recommendation ITU-R BT.2020; stills encode it with the curve of sRGB."""

_PRIMARIES = {9: BT_2020, 12: DISPLAY_P3}
_LINEAR, _PQ = 8, 16
"""Numbers of ITU-T H.273; other curves are near enough to that of sRGB, HLG (18) by its design."""


def space_numbered(primaries: int, transfer: int) -> ColourSpace | None:
    """Of pictures that name their colours by the numbers of ITU-T H.273; None where that is sRGB."""
    gamma = 1.0 if transfer == _LINEAR else None
    space = replace(_PRIMARIES.get(primaries, SRGB), gamma=gamma, pq=transfer == _PQ)
    return space if space != SRGB else None


@lru_cache(maxsize=16)
def profile_of(space: ColourSpace) -> bytes:
    """A display profile of version 2.4, which every reader of profiles knows."""
    columns = _to_connection_space(space).T
    curve = _curve(space)
    tags = {
        b"desc": _description(space.name),
        b"cprt": b"text\0\0\0\0No copyright\0",
        b"wtpt": _xyz(_D50),
        b"rXYZ": _xyz(columns[0]),
        b"gXYZ": _xyz(columns[1]),
        b"bXYZ": _xyz(columns[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, contents, places = b"", b"", dict[bytes, int]()
    begin = _HEADER_BYTES + 4 + 12 * len(tags)
    for name, content in tags.items():
        if content not in places:
            places[content] = begin + len(contents)
            contents += content + b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, places[content], len(content))
    return _header(begin + len(contents)) + struct.pack(">I", len(tags)) + table + contents


def _header(size: int) -> bytes:
    created = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    white = b"".join(_fixed(value) for value in _D50)
    return (
        struct.pack(">I4sI4s4s4s", size, b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
        + created
        + struct.pack(">4s", b"acsp")
        + bytes(28)
        + white
        + bytes(48)
    )


def _to_connection_space(space: ColourSpace) -> Matrix:
    """From linear RGB to XYZ under D50."""
    primaries = np.stack([_xyz_of(colour) for colour in (space.red, space.green, space.blue)], axis=1)
    white = _xyz_of(space.white)
    to_xyz = primaries * np.linalg.solve(primaries, white)
    cones = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    adapted: Matrix = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ to_xyz
    return adapted


def _turn(first: Chromaticity, second: Chromaticity, third: Chromaticity) -> float:
    """Twice the area of their triangle; below zero if they follow one another clockwise."""
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])


def _xyz_of(colour: Chromaticity) -> Matrix:
    x, y = colour
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _curve(space: ColourSpace) -> bytes:
    if space.pq:
        return _sampled(_shown_light(np.arange(4096) / 4095))
    if space.gamma is not None:
        return struct.pack(">4s4xIH", b"curv", 1, round(space.gamma * 256))
    return _sampled(to_light(np.arange(1024) / 1023))


def _sampled(light: Matrix) -> bytes:
    return struct.pack(f">4s4xI{len(light)}H", b"curv", len(light), *np.rint(light * 65535).astype(int))


def _shown_light(encoded: Matrix) -> Matrix:
    """Of PQ (SMPTE ST 2084, 5.1), on a screen whose white is that of a page.

    What is much brighter than a page, such as lamps, runs into the screen's white without an edge.
    """
    root = encoded ** (32 / 2523)
    light = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (16384 / 2610)
    light /= _PAGE_WHITE
    return np.where(light < _KNEE, light, 1 - (1 - _KNEE) * np.exp((_KNEE - light) / (1 - _KNEE)))


def _description(name: str) -> bytes:
    text = name.encode("ascii") + b"\0"
    return struct.pack(">4s4xI", b"desc", len(text)) + text + bytes(8 + 3 + 67)


def _xyz(values: Matrix) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in values)


def _fixed(value: float) -> bytes:
    """A signed number with 16 binary places."""
    return struct.pack(">i", round(float(value) * 65536))
