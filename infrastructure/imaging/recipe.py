"""The recipe: all that the darkroom decides for one photo, read from the photo itself."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.decoding import Pixels, image_of, pixels_of
from infrastructure.imaging.exposure import Levels, levels_for, tone_for
from infrastructure.imaging.light import Planes, luma
from infrastructure.imaging.noise import BLOCK, Noise, measured
from infrastructure.imaging.surroundings import Surroundings
from infrastructure.imaging.tone import STEPS, Tone
from infrastructure.imaging.white_balance import Gains, balance, gains_for

LONGEST_SIDE = 640
"""Of the small picture that everything but noise is judged by, in pixels."""
TILE = 3 * BLOCK
"""Side of the tiles that noise is measured in, in pixels."""
TILES = 5
"""Tiles from left to right and from top to bottom."""
LOCAL_CONTRAST = 0.1
SHARPENING = 0.3
"""How much of the finest detail is added once more."""


@dataclass(frozen=True)
class Recipe:
    gains: Gains
    levels: Levels
    tone: Tone
    surroundings: Surroundings
    noise: Noise
    cleaning: tuple[float, float]
    """Shares of the noise of brightness and of colour to take out, 0 to 1."""
    local_contrast: float
    sharpening: float

    @property
    def tables(self) -> npt.NDArray[np.float32]:
        return tables_of(self.gains, self.levels)


def tables_of(gains: Gains, levels: Levels) -> npt.NDArray[np.float32]:
    """For each channel, what its 256 values become once balanced and stretched from black to white."""
    values = np.arange(256) / 255
    return np.array([levels.stretch(balance(values, gain)) for gain in gains], np.float32)


def developed_by(tables: npt.NDArray[np.float32], pixels: Pixels) -> Planes:
    planes = np.empty((3, *pixels.shape[:2]), np.float32)
    for channel in range(3):
        np.take(tables[channel], pixels[..., channel], out=planes[channel], mode="clip")
    return planes


def recipe_for(pixels: Pixels) -> Recipe:
    """What this photo needs. A good photo needs next to nothing."""
    small = _smaller(pixels, LONGEST_SIDE)
    gains = gains_for(_smaller(pixels, LONGEST_SIDE // 2) / 255)
    balanced = developed_by(tables_of(gains, Levels(0, 1)), small)
    levels = levels_for(balanced, luma(balanced))
    tables = tables_of(gains, levels)
    planes = developed_by(tables, small)
    brightness = luma(planes)
    surroundings = Surroundings.of(brightness)
    base = surroundings.base(brightness)
    tone = tone_for(planes[:, ::2, ::2], brightness[::2, ::2], base[::2, ::2])  # a quarter tells as much
    step = float((tables[:, 64:] - tables[:, 32:-32]).max()) / 32  # of the photo's 8-bit values, at most
    noise = measured([developed_by(tables, tile) for tile in _tiles(pixels)]).at_least(step)
    return Recipe(
        gains=gains,
        levels=levels,
        tone=tone,
        surroundings=surroundings,
        noise=noise,
        cleaning=noise.shares_to_clean(max(1.0, float(tone.gains[STEPS // 16]))),
        local_contrast=LOCAL_CONTRAST,
        sharpening=SHARPENING,
    )


def _smaller(pixels: Pixels, longest_side: int) -> Pixels:
    """The photo reduced by a whole number, so that its longest side is about so many pixels."""
    height, width, _ = pixels.shape
    shrink = max(1, round(max(height, width) / longest_side))
    return pixels_of(image_of(pixels).shrink(min(shrink, width), min(shrink, height)))


def _tiles(pixels: Pixels) -> list[Pixels]:
    """Evenly spread over the photo; none if it is smaller than a block."""
    height, width, _ = pixels.shape
    tall, wide = min(TILE, height // BLOCK * BLOCK), min(TILE, width // BLOCK * BLOCK)
    if not tall or not wide:
        return []
    tops = {round(top) for top in np.linspace(0, height - tall, TILES)}
    lefts = {round(left) for left in np.linspace(0, width - wide, TILES)}
    return [
        pixels[top : top + tall, left : left + wide] for top, left in product(sorted(tops), sorted(lefts))
    ]
