"""What rooms are made of: each material gives a colour for every point, and says how much it shines."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samples.tracing import Vectors

Values = npt.NDArray[np.floating]
Colour = tuple[float, float, float]
"""Reflected part of red, green and blue light, linear, 0 to 1."""
Pattern = Callable[[Vectors, npt.NDArray[np.int32]], Vectors]
"""Colours of points on faces, which are told by the axis they are perpendicular to."""


@dataclass(frozen=True)
class Material:
    colour: Pattern
    shine: float = 0.0
    """Part of the light that is mirrored when looked at straight (0.04 for varnish); 0 for matt."""
    roughness: float = 0.0
    """Spread of mirrored rays, as the tangent of a typical angle."""
    average: Colour = (0.5, 0.5, 0.5)
    """As mirrored by another surface."""


def plain(colour: Colour, *, mottled: float = 0.0, shine: float = 0.0, roughness: float = 0.0) -> Material:
    """One colour, a little uneven like paint that a roller put on."""

    def pattern(points: Vectors, _: npt.NDArray[np.int32]) -> Vectors:
        colours = np.broadcast_to(np.array(colour, np.float32), points.shape)
        if not mottled:
            return colours
        uneven = clouds(points * 1.7, 3, seed=3) + np.float32(0.7) * clouds(points * 160, 2, seed=5)
        return colours * (1 + np.float32(mottled) * uneven)[:, None]

    return Material(pattern, shine, roughness, colour)


def planks(
    light: Colour, dark: Colour, *, width: float, length: float, along: int, seed: int, shine: float = 0.035
) -> Material:
    """Floorboards, `width` x `length` metres, running along x (0) or z (2), each from another tree."""

    def pattern(points: Vectors, _: npt.NDArray[np.int32]) -> Vectors:
        run, across = points[:, along], points[:, 2 - along]
        row = np.floor(across / width)
        shifted = run + hashed(row, np.zeros_like(row), seed) * length
        board = np.floor(shifted / length)
        tree = hashed(row, board, seed + 1)
        kind = hashed(row, board, seed + 2)
        grain_at = np.stack([run * 1.6 + tree * 37, across * 34 + tree * 11, np.zeros_like(run)], axis=1)
        bend = clouds(np.stack([run * 0.9 + kind * 53, across * 5, tree * 19], axis=1), 2, seed=seed + 3)
        grain_at[:, 1] += bend * 3.5
        grain = clouds(grain_at, 4, seed=seed + 4)
        pores = clouds(np.stack([run * 9, across * 420, tree * 7], axis=1), 2, seed=seed + 5)
        tone = np.clip(0.5 + 0.42 * grain + 0.55 * (kind - 0.5) + 0.1 * pores, 0, 1)[:, None]
        colours = np.array(dark, np.float32) * (1 - tone) + np.array(light, np.float32) * tone
        gap = np.minimum(_to_edge(across, width), _to_edge(shifted, length))
        seam = np.clip((gap - 0.0006) / 0.0016, 0.25, 1)[:, None]
        return np.asarray(colours * seam, np.float32)

    return Material(pattern, shine, 0.055, _between(light, dark))


def tiles(
    colour: Colour, joint: Colour, *, size: tuple[float, float], gap: float, seed: int, shine: float
) -> Material:
    """Tiles of `size` metres on any face, the wider side level; joints are `gap` metres wide."""

    def pattern(points: Vectors, axis: npt.NDArray[np.int32]) -> Vectors:
        level = np.where(axis == 0, points[:, 2], points[:, 0])
        other = np.where(axis == 1, points[:, 2], points[:, 1])
        row = np.floor(other / size[1])
        column = np.floor(level / size[0])
        shade = 1 + 0.05 * (hashed(row, column, seed) - 0.5) + 0.02 * clouds(points * 14, 3, seed=seed + 1)
        distance = np.minimum(_to_edge(other, size[1]), _to_edge(level, size[0]))
        inside = np.clip((distance - gap / 2) / 0.0012 + 0.5, 0, 1)[:, None]
        fired = np.array(colour, np.float32) * shade[:, None]
        return np.asarray(np.array(joint) * (1 - inside) + fired * inside, np.float32)

    return Material(pattern, shine, 0.012, colour)


def carpet(colour: Colour, *, seed: int) -> Material:
    """Short pile: every tuft catches the light in its own way."""

    def pattern(points: Vectors, _: npt.NDArray[np.int32]) -> Vectors:
        tufts = clouds(points * np.float32(330), 2, seed=seed)
        wear = clouds(points * 2.2, 4, seed=seed + 1)
        shade = 1 + 0.34 * tufts + 0.1 * wear
        return (np.array(colour, np.float32) * shade[:, None]).astype(np.float32)

    return Material(pattern, average=colour)


def clouds(points: Vectors, octaves: int, *, seed: int) -> Values:
    """Smooth noise about 0, within -1 to 1: each octave is twice as fine and half as strong."""
    total = np.zeros(len(points), np.float32)
    strength = 0.5
    for octave in range(octaves):
        total += np.float32(strength) * _smooth_noise(points * np.float32(2**octave), seed + 31 * octave)
        strength /= 2
    return total * np.float32(2 / (2 - 2.0 ** (1 - octaves)))


def hashed(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating], seed: int) -> Values:
    """A number from 0 to 1 for each pair of whole numbers, always the same one."""
    return _hash(first.astype(np.int64), second.astype(np.int64), np.int64(0), seed)


def _smooth_noise(points: Vectors, seed: int) -> Values:
    cell = np.floor(points)
    place = points - cell
    blend = place * place * (3 - 2 * place)
    x, y, z = cell.astype(np.int64).T
    total = np.zeros(len(points), np.float32)
    for corner in range(8):
        right, up, far = corner & 1, corner >> 1 & 1, corner >> 2
        weight = np.where(right, blend[:, 0], 1 - blend[:, 0])
        weight = weight * np.where(up, blend[:, 1], 1 - blend[:, 1])
        weight = weight * np.where(far, blend[:, 2], 1 - blend[:, 2])
        total += weight * (2 * _hash(x + right, y + up, z + far, seed) - 1)
    return total


def _hash(
    x: npt.NDArray[np.int64], y: npt.NDArray[np.int64], z: npt.NDArray[np.int64] | np.int64, seed: int
) -> Values:
    mixed = (x * 374761393 + y * 668265263 + z * 1274126177 + np.int64(seed) * 461845907) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 13)) * 3266489917) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 16)) & 0xFFFFFF).astype(np.float32) / np.float32(0x1000000)


def _to_edge(positions: npt.NDArray[np.floating], period: float) -> npt.NDArray[np.floating]:
    inside = positions - np.floor(positions / period) * period
    nearest: npt.NDArray[np.floating] = np.minimum(inside, period - inside)
    return nearest


def _between(one: Colour, other: Colour) -> Colour:
    return ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2, (one[2] + other[2]) / 2)
