"""ICC profiles of colour spaces that photos name without embedding them, made from their definitions."""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Chromaticity = tuple[float, float]
"""CIE 1931 x and y."""
Matrix = npt.NDArray[np.float64]

D65: Chromaticity = (0.3127, 0.3290)
_D50 = np.array([0.9642, 1.0, 0.8249])
"""The white of the profile connection space (ICC.1:2022, 7.2.16)."""
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""From XYZ to cone responses (ICC.1:2022, Annex E)."""
_HEADER_BYTES = 128


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


ADOBE_RGB = ColourSpace("Adobe RGB (1998)", (0.64, 0.33), (0.21, 0.71), (0.15, 0.06), gamma=563 / 256)
"""Adobe RGB (1998) Color Image Encoding, 4.3."""
DISPLAY_P3 = ColourSpace("Display P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
"""The primaries of SMPTE RP 431-2 with the white and the curve of sRGB."""
BT_2020 = ColourSpace("BT.2020", (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
"""Recommendation ITU-R BT.2020; stills encode it with the curve of sRGB."""


def profile_of(space: ColourSpace) -> bytes:
    """A display profile of version 2.4, which every reader of profiles knows."""
    columns = _to_connection_space(space).T
    curve = _curve(space.gamma)
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


def _xyz_of(colour: Chromaticity) -> Matrix:
    x, y = colour
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _curve(gamma: float | None) -> bytes:
    if gamma is not None:
        return struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256))
    encoded = np.arange(1024) / 1023
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return struct.pack(">4s4xI1024H", b"curv", 1024, *np.rint(light * 65535).astype(int))


def _description(name: str) -> bytes:
    text = name.encode("ascii") + b"\0"
    return struct.pack(">4s4xI", b"desc", len(text)) + text + bytes(8 + 3 + 67)


def _xyz(values: Matrix) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in values)


def _fixed(value: float) -> bytes:
    """A signed number with 16 binary places."""
    return struct.pack(">i", round(float(value) * 65536))
