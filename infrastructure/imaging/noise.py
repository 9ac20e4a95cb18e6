"""Noise: how much of it there is at each size of detail, and taking it out while edges and texture stay."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.light import Plane, Planes, luma
from infrastructure.imaging.pyramid import blurred, doubled, halved

SIZES, COLOUR_SIZES = 3, 4
"""Of details; each is half of the one before."""
BLOCK = 64
"""Side of the squares, in pixels, that noise is measured in; some of them show plain wall in any room."""
BLACK, CLIPPED = 0.02, 0.98
"""Encoded; blocks darker or brighter lost their noise with everything else."""
FEWEST_BLOCKS = 8
"""With less to choose from, noise cannot be told from texture."""
MEDIAN = 0.6745
"""Of the absolute values of normally distributed noise, in standard deviations."""
QUIETEST = 15
"""Percentile of the blocks' noise that is believed: those above it have texture of their own."""
VISIBLE, COLOUR_VISIBLE = (0.7 / 255, 1.5 / 255), (0.6 / 255, 1.0 / 255)
"""Noise up to the first is left alone, from the second on it is cleaned in full (standard deviations)."""
STRENGTH, COLOUR_STRENGTH = 2.2, 5.0
"""Local variance up to this multiple of the noise's is taken for noise."""
ROUNDING, COLOUR_ROUNDING = 0.29, 0.45
"""Deviation of rounded values in steps (1 / sqrt 12), and of colour that JPEG rounded more coarsely."""
GRAIN, COLOUR_GRAIN = 0.18, 0.0
"""Part of the noise that stays: surfaces without any grain look like plastic, colour needs none."""


@dataclass(frozen=True)
class Noise:
    """Standard deviations of encoded values among the details at a size, the finest first.

    Brightness has details at full, half and quarter size. Colour has them from half to a sixteenth of it:
    cameras record it no finer, and its noise comes in larger blotches.
    """

    brightness: tuple[float, ...]
    colour: tuple[float, ...]

    def shares_to_clean(self, amplification: float) -> tuple[float, float]:
        """Of brightness and of colour, 0 to 1, by how visible it is when shadows become so many times brighter."""
        seen = (self.brightness[0] * amplification, VISIBLE), (self.colour[0] * amplification, COLOUR_VISIBLE)
        brightness, colour = (min(max((noise - low) / (high - low), 0.0), 1.0) for noise, (low, high) in seen)
        return brightness, colour

    def at_least(self, step: float) -> "Noise":
        """With the errors of a picture whose values come in steps of this size and went through JPEG."""
        brightness = tuple(max(deviation, ROUNDING * step) for deviation in self.brightness)
        return Noise(brightness, tuple(max(deviation, COLOUR_ROUNDING * step) for deviation in self.colour))


def measured(tiles: list[Planes]) -> Noise:
    """The noise in tiles from all over a picture, each side a multiple of BLOCK.

    The median absolute value of a block's details stands for their deviation, as most details of a wall are
    noise (Donoho and Johnstone 1994); the quietest blocks that are neither black nor clipped are believed.
    """
    brightness: list[npt.NDArray[np.float64]] = [np.empty((SIZES, 0))]
    colour: list[npt.NDArray[np.float64]] = [np.empty((COLOUR_SIZES, 0))]
    for tile in tiles:
        bright = luma(tile)
        usable = _blocks(bright, BLOCK).mean(axis=1) > BLACK
        usable &= _blocks(tile.max(axis=0), BLOCK).max(axis=1) < CLIPPED
        brightness += [_deviations(bright, BLOCK, SIZES)[:, usable]]
        differences = (halved(channel - bright) for channel in (tile[0], tile[2]))
        colour += [_deviations(plane, BLOCK // 2, COLOUR_SIZES)[:, usable] for plane in differences]
    return Noise(_quietest(np.hstack(brightness)), _quietest(np.hstack(colour)))


def calmed(plane: Plane, thresholds: list[float], grain: float) -> Plane:
    """A plane whose details, at its own size and at each half of it, are kept by what exceeds the noise.

    A detail is kept in full where the local variance is large, and not at all where it is below the
    threshold of its size (an empirical Wiener filter). Sides are even as often as there are thresholds.
    """
    if not thresholds:
        return plane
    half = halved(plane)
    return with_details(plane, half, calmed(half, thresholds[1:], grain), thresholds[0], grain)


def with_details(plane: Plane, half: Plane, calm_half: Plane, threshold: float, grain: float) -> Plane:
    """What `calmed` does at one size, for a plane whose half has been calmed already."""
    detail = plane - doubled(half)
    kept = blurred(detail * detail)
    np.maximum(kept, np.float32(1e-12), out=kept)
    np.divide(np.float32(-threshold), kept, out=kept)
    kept += 1
    np.maximum(kept, np.float32(grain), out=kept)
    detail *= kept
    detail += doubled(calm_half)
    return detail


def _deviations(plane: Plane, side: int, sizes: int) -> npt.NDArray[np.float64]:
    """For each size and block the standard deviation of the noise, if the block is nothing but noise."""
    deviations = []
    for size in range(sizes):
        half = halved(plane)
        deviations.append(np.median(np.abs(_blocks(plane - doubled(half), side >> size)), axis=1) / MEDIAN)
        plane = half
    return np.array(deviations, np.float64)


def _quietest(deviations: npt.NDArray[np.float64]) -> tuple[float, ...]:
    if deviations.shape[1] < FEWEST_BLOCKS:
        return (0.0,) * len(deviations)
    return tuple(float(deviation) for deviation in np.percentile(deviations, QUIETEST, axis=1))


def _blocks(plane: Plane, side: int) -> Plane:
    """Shape (blocks, side x side)."""
    down, across = plane.shape[0] // side, plane.shape[1] // side
    return plane.reshape(down, side, across, side).swapaxes(1, 2).reshape(down * across, side * side)
