"""The brightness around each pixel: a guided filter whose edges stay sharp, so that nothing gets a halo."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.light import Plane

REACH = 1 / 28
"""Radius of the filter as a part of the picture's longest side."""
EDGE = 0.004
"""Variance of encoded brightness from which a step, here of 0.13, is more of an edge than detail."""


@dataclass(frozen=True)
class Surroundings:
    """A fast guided filter (He and Sun 2015): its two coefficients, worked out on a small picture.

    At any size the brightness around a pixel is slope x its own brightness + offset, the coefficients being
    interpolated: the small picture's coarseness never shows as blocks or halos, since edges come from the
    large picture itself.
    """

    slope: Plane
    offset: Plane

    @classmethod
    def of(cls, brightness: Plane) -> "Surroundings":
        """Those of a small picture of shape (height, width), several hundred pixels wide."""
        radius = max(1, round(max(brightness.shape) * REACH))
        mean = _box(brightness, radius)
        variance = np.maximum(_box(brightness.astype(np.float64) ** 2, radius) - mean**2, 0)
        slope = variance / (variance + EDGE)
        offset = mean * (1 - slope)
        return cls(_box(slope, radius).astype(np.float32), _box(offset, radius).astype(np.float32))

    def base(self, brightness: Plane) -> Plane:
        """Of the small picture itself."""
        return self.slope * brightness + self.offset

    def base_at(self, brightness: Plane, top: int, left: int, whole: tuple[int, int]) -> Plane:
        """Of a part of the large picture: its first row and column, and the (height, width) of the whole."""
        down = _Places.of(top, brightness.shape[0], whole[0], self.slope.shape[0])
        across = _Places.of(left, brightness.shape[1], whole[1], self.slope.shape[1])
        base = _interpolated(self.slope, down, across)
        base *= brightness
        base += _interpolated(self.offset, down, across)
        return base


@dataclass(frozen=True)
class _Places:
    """Where pixels of one side of a large picture lie among those of a small one."""

    before: npt.NDArray[np.intp]
    after: npt.NDArray[np.intp]
    beyond: npt.NDArray[np.float32]
    """How far from `before` to `after`, 0 to 1."""

    @classmethod
    def of(cls, first: int, count: int, large: int, small: int) -> "_Places":
        place = np.clip((np.arange(first, first + count) + 0.5) * (small / large) - 0.5, 0, small - 1)
        before = place.astype(np.intp)
        return cls(before, np.minimum(before + 1, small - 1), (place - before).astype(np.float32))


def _box(plane: npt.NDArray[np.floating], radius: int) -> npt.NDArray[np.float64]:
    """The mean over a square of 2 x radius + 1 pixels; edges are repeated outwards."""
    side = 2 * radius + 1
    padded = np.pad(plane.astype(np.float64), ((radius + 1, radius), (radius + 1, radius)), "edge")
    sums = padded.cumsum(axis=0).cumsum(axis=1)
    total: npt.NDArray[np.float64] = (
        sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    )
    return total / side**2


def _interpolated(small: Plane, down: _Places, across: _Places) -> Plane:
    """Part of a small plane made large by linear interpolation."""
    first = down.before[0]
    near = small[first : down.after[-1] + 1]
    wide = near[:, across.before]
    wide += (near[:, across.after] - wide) * across.beyond
    above = wide[down.before - first]
    below = wide[down.after - first]
    below -= above
    below *= down.beyond[:, None]
    below += above
    return np.asarray(below, np.float32)
