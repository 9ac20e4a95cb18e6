"""Cleaning a large picture of its noise tile by tile, its coarse details all at once and small."""

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.light import LUMA, Plane, Planes, luma
from infrastructure.imaging.noise import (
    COLOUR_GRAIN,
    COLOUR_STRENGTH,
    GRAIN,
    STRENGTH,
    Noise,
    calmed,
    with_details,
)
from infrastructure.imaging.pyramid import doubled, halved

COARSE = 4
"""How many times smaller the picture is that is cleaned as a whole."""
GRID = 8 * COARSE
"""Tiles begin at multiples of this, and are so high and wide: the coarse picture is halved three times."""
MARGIN = 12
"""Pixels around a tile that its finer details need to see; a multiple of COARSE."""


class Cleaner:
    """Takes shares of the noise of brightness and colour, 0 to 1, out of a picture whose tiles it sees twice.

    First each tile is shown bare, then the coarse picture is cleaned, then each tile with its margin is.
    """

    def __init__(self, noise: Noise, shares: tuple[float, float], height: int, width: int) -> None:
        """Height and width are those of the picture, rounded up to GRID."""
        share, colour_share = shares
        self._brightness = [STRENGTH * share * deviation**2 for deviation in noise.brightness]
        self._colour = [COLOUR_STRENGTH * colour_share * deviation**2 for deviation in noise.colour]
        self._coarse = np.empty((3, height // COARSE, width // COARSE), np.float32)

    def show(self, planes: Planes, top: int, left: int) -> None:
        """A tile whose upper left pixel is at row `top` and column `left`."""
        rows, columns = self._coarse_places(planes, top, left)
        for plane, coarse in zip(planes, self._coarse, strict=True):
            coarse[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = halved(halved(plane))

    def clean_coarse(self) -> None:
        """When each tile was shown."""
        bright = luma(self._coarse)
        red, _, blue = self._coarse - bright
        self._coarse[0] = calmed(red, self._colour[1:], COLOUR_GRAIN)
        self._coarse[1] = calmed(bright, self._brightness[2:], GRAIN)
        self._coarse[2] = calmed(blue, self._colour[1:], COLOUR_GRAIN)

    def cleaned(self, planes: Planes, top: int, left: int) -> Planes:
        """A tile with MARGIN pixels around it, clean but for these; it may reach beyond the picture."""
        places = np.ix_(*self._coarse_places(planes, top, left))
        bright = luma(planes)
        half = halved(bright)
        noisy = any(self._brightness)

        def colour(channel: Plane, coarse: Plane) -> Plane:
            """What a channel has more than brightness; its finest details are noise if those of brightness are."""
            difference = halved(channel) - half
            calm = with_details(difference, halved(difference), coarse, self._colour[0], COLOUR_GRAIN)
            return doubled(calm) if noisy else channel - bright + doubled(calm - difference)

        red = colour(planes[0], self._coarse[0][places])
        blue = colour(planes[2], self._coarse[2][places])
        if noisy:
            coarse = self._coarse[1][places]
            calm_half = with_details(half, halved(half), coarse, self._brightness[1], GRAIN)
            bright = with_details(bright, half, calm_half, self._brightness[0], GRAIN)
        return _joined(bright, red, blue)

    def _coarse_places(self, planes: Planes, top: int, left: int) -> list[npt.NDArray[np.intp]]:
        """Rows and columns of the coarse picture that lie under a tile."""
        return [
            np.clip(np.arange(first // COARSE, (first + length) // COARSE), 0, whole - 1)
            for first, length, whole in zip(
                (top, left), planes.shape[1:], self._coarse.shape[1:], strict=True
            )
        ]


def _joined(bright: Plane, red: Plane, blue: Plane) -> Planes:
    """Brightness and what red and blue have more of than it, as planes again."""
    planes = np.empty((3, *bright.shape), np.float32)
    np.add(bright, red, out=planes[0])
    np.add(bright, blue, out=planes[2])
    red *= np.float32(LUMA[0] / LUMA[1])
    blue *= np.float32(LUMA[2] / LUMA[1])
    np.subtract(bright, red, out=planes[1])
    planes[1] -= blue
    return np.clip(planes, 0, 1, out=planes)
