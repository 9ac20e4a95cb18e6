"""What a staged picture has in common with its photo: whether anything changed, and whether it is still that room."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
"""Brightness, 0 to 255."""

SIDE = 320
"""Pixels of the longer side at which pictures are compared: lines of walls remain, textures do not."""
DIRECTIONS = 6
"""Into which lines are sorted: half a turn in as many parts."""
REACH = 2
"""Pixels by which a line may lie elsewhere and still be the same."""
SURROUNDINGS = 12
"""Pixels around a line that say how strong it is: light may change, what stands out should not."""
CELLS = 8
"""The picture is compared in so many columns and rows."""
BEST = 0.5
"""The part of the cells that have to be alike: what furniture hides is not held against it."""
FAINT = 4.0
"""Steps of brightness below which nothing counts as a line: noise, and rooms in the dark."""


@dataclass(frozen=True)
class Likeness:
    contrast: float
    """Standard deviation of the staged picture's brightness, in 8-bit steps: a blank one has next to none."""
    change: float
    """Mean difference of brightness in the cell that changed most, in 8-bit steps."""
    structure: float
    """How many of the photo's lines are still where they were, 0 to 1, in the better half of its cells."""


def likeness(photo: Any, staged: Any) -> Likeness:
    """Of two libvips images in sRGB, the second of which fills the first one's frame."""
    scale = min(1.0, SIDE / max(photo.width, photo.height))
    width, height = max(CELLS, round(photo.width * scale)), max(CELLS, round(photo.height * scale))
    before, after = _plane(photo, width, height), _plane(staged, width, height)
    return Likeness(
        contrast=float(after.std()),
        change=float(_cells(np.abs(before - after)).max()),
        structure=_structure(before, after),
    )


def _plane(image: Any, width: int, height: int) -> Plane:
    small = image.thumbnail_image(width, height=height, size="force").colourspace("b-w").cast("uchar")
    return np.frombuffer(small.write_to_memory(), np.uint8).reshape(height, width).astype(np.float32)


def _structure(before: Plane, after: Plane) -> float:
    """The correlation of lines by direction and place, weighted by how much of them a cell has.

    Lines are gradients relative to their surroundings, so that dusk or lamps do not matter, and without a
    sign, as a dark frame before a bright window becomes a bright one at night.
    """
    one, other = _lines(before), _lines(after)
    shared = _cells(_summed(one, other))
    weight = np.sqrt(_cells(_summed(one, one)))
    own = weight * np.sqrt(_cells(_summed(other, other)))
    if not weight.any():  # nothing in the photo to go by
        return 1.0
    alike = np.where(own > 0, shared / np.maximum(own, 1e-6), 0).ravel()
    seen = weight.ravel() > 0.25 * weight.mean()
    order = np.argsort(-alike[seen])
    best = order[: max(1, round(BEST * len(order)))]
    return float(np.average(alike[seen][best], weights=weight.ravel()[seen][best]))


def _lines(plane: Plane) -> Plane:
    """How much a line in each direction stands out from its surroundings, smeared over REACH pixels.

    The shape is (DIRECTIONS, height, width).
    """
    down, across = np.gradient(_blurred(plane, 1))
    strength = np.maximum(np.hypot(across, down) - np.float32(FAINT / 4), 0)
    relative = strength / (_blurred(strength, SURROUNDINGS) + np.float32(FAINT / 2))
    angle = np.arctan2(down, across) * np.float32(DIRECTIONS / np.pi)
    angle[angle < 0] += DIRECTIONS  # a line has no beginning and no end
    lines = np.empty((DIRECTIONS, *plane.shape), np.float32)
    for direction, own in enumerate(lines):
        apart = np.abs(angle - np.float32(direction))
        near = 1 - np.minimum(apart, np.float32(DIRECTIONS) - apart)
        own[:] = _blurred(relative * np.maximum(near, 0), REACH)
    return lines


def _summed(one: Plane, other: Plane) -> Plane:
    """Over all directions, what two have in common."""
    return np.asarray(np.einsum("dyx,dyx->yx", one, other), np.float32)


def _cells(plane: Plane) -> Plane:
    """Means over CELLS by CELLS parts of the picture."""
    rows = np.linspace(0, plane.shape[0], CELLS + 1).astype(int)
    columns = np.linspace(0, plane.shape[1], CELLS + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(plane, rows[:-1], axis=0), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)), np.float32)


def _blurred(plane: Plane, reach: int) -> Plane:
    """The mean over a square of pixels, `reach` to each side, twice: close to a bell."""
    height, width = plane.shape
    return np.asarray(_blurring(height, reach) @ plane @ _blurring(width, reach).T, np.float32)


@lru_cache(32)
def _blurring(length: int, reach: int) -> Plane:
    """What blurs so many pixels when it is multiplied by them; what lies beyond an end is like that end."""
    places = np.arange(length)
    once = np.zeros((length, length), np.float32)
    for step in range(-reach, reach + 1):
        np.add.at(once, (places, np.clip(places + step, 0, length - 1)), 1 / (2 * reach + 1))
    return np.asarray(once @ once, np.float32)
