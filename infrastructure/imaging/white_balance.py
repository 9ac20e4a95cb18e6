"""White balance from the picture itself: the colour of its light, judged by bright surfaces and by edges."""

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.light import from_light, to_light

Gains = tuple[float, float, float]
"""What red, green and blue light are multiplied by; the smallest is 1, so that clipped white stays white."""

NEUTRAL: Gains = (1.0, 1.0, 1.0)

CLIPPED = 0.95
"""Encoded values from here on may have lost their colour to clipping, so they say nothing about the light."""
DARKEST = 0.03
"""Light below this part of the brightest is too noisy to judge its colour by."""
WARMTH = (0.04, 0.10)
"""Stops that red may lie above green, and blue below it: so much warmth is wanted in a home."""
DOUBT = 0.17
"""A cast of this size, in stops, is half corrected: it may well be the decorator's choice."""
STRONGEST = 0.94
"""Part of a cast beyond doubt that is corrected: lamplight should still look a little like it."""
LARGEST = 2.2
"""In stops; candle light against daylight. Nothing stronger is believed to be a cast."""
DISAGREEMENT = 0.45
"""In stops; where measures of a small cast differ by this much, it is corrected half."""
FEWEST = 64
"""Usable pixels; with less there is nothing to judge the light by."""
KNEE = 0.8
"""Light up to here gets its whole gain; above, the gain fades until white is white."""


def gains_for(small: npt.NDArray[np.float64]) -> Gains:
    """The gains that bring the picture's light back to neutral.

    `small` is encoded sRGB, 0 to 1, shape (height, width, 3), a few hundred pixels wide. What is measured
    leans on bright surfaces and on edges, where coloured walls and wood weigh least. The median of the
    measures is the cast; it is corrected the more the larger it is and the better they agree.
    """
    light = to_light(small)
    usable = _usable(small, light)
    if usable.sum() < FEWEST:
        return NEUTRAL
    measured = _measured(light, usable)
    cast = np.median(measured, axis=0)
    spread = float(np.median(np.hypot(*(measured - cast).T)))
    red, blue = _unwanted(float(cast[0]), float(cast[1]))
    size = float(np.hypot(red, blue))
    belief = STRONGEST * size**2 / (size**2 + DOUBT**2) / (1 + (spread / (DISAGREEMENT + size / 2)) ** 2)
    belief *= min(1.0, LARGEST / max(size, LARGEST))
    gains = (2 ** (-red * belief), 1.0, 2 ** (-blue * belief))
    return (gains[0] / min(gains), gains[1] / min(gains), gains[2] / min(gains))


def _unwanted(red: float, blue: float) -> tuple[float, float]:
    """The cast without the warmth that may stay."""
    if red > 0 > blue:
        return max(0.0, red - WARMTH[0]), min(0.0, blue + WARMTH[1])
    return red, blue


def _usable(small: npt.NDArray[np.float64], light: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Pixels that are neither clipped, nor beside something clipped, nor too dark."""
    clipped = small.max(axis=2) > CLIPPED
    near = clipped.copy()
    near[1:] |= clipped[:-1]
    near[:-1] |= clipped[1:]
    near[:, 1:] |= clipped[:, :-1]
    near[:, :-1] |= clipped[:, 1:]
    brightness = light.mean(axis=2)
    usable: npt.NDArray[np.bool_] = ~near & (brightness > DARKEST * np.percentile(brightness, 99))
    return usable


def _measured(light: npt.NDArray[np.float64], usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Five guesses at the cast, each as the stops that red and blue lie above green.

    Shades of grey (Finlayson and Trezzi 2004); strong edges (van de Weijer et al. 2007); and medians of
    bright surfaces, of the brightest and of edges, which a window with another light does not sway.
    """
    surfaces = light[usable]
    brightness = surfaces.mean(axis=1)
    across = np.diff(light, axis=1)[:-1]
    down = np.diff(light, axis=0)[:, :-1]
    edges = np.hypot(across, down)[usable[:-1, :-1] & usable[1:, :-1] & usable[:-1, 1:]]
    if not edges.any():  # a line of pixels, or surfaces of one brightness each
        edges = surfaces
    brightest = surfaces[brightness >= np.percentile(brightness, 96)]
    return np.array(
        [
            _stops(_mean(surfaces, 5)),
            _stops(_mean(edges, 5)),
            _weighted_median(_stops(surfaces), brightness**4),
            np.median(_stops(brightest), axis=0),
            _weighted_median(_stops(edges), edges.mean(axis=1) ** 2),
        ]
    )


def _mean(colours: npt.NDArray[np.float64], order: int) -> npt.NDArray[np.float64]:
    """The Minkowski mean: the higher the order, the more the large values count."""
    mean: npt.NDArray[np.float64] = (colours**order).mean(axis=0) ** (1 / order)
    return mean


def _weighted_median(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """For each column the value that half of the weight lies below."""
    order = np.argsort(values, axis=0)
    below = np.cumsum(weights[order], axis=0)
    middle = (below < below[-1] / 2).sum(axis=0)
    columns = np.arange(values.shape[1])
    median: npt.NDArray[np.float64] = values[order[np.minimum(middle, len(values) - 1), columns], columns]
    return median


def _stops(colours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How much more red and blue than green, in stops; the last axis is that of the channels."""
    stops = np.log2(np.maximum(colours, 1e-6))
    return np.asarray(stops[..., [0, 2]] - stops[..., [1]], np.float64)


def balance(encoded: npt.NDArray[np.float64], gain: float) -> npt.NDArray[np.float64]:
    """Encoded values of one channel after its gain; 1 stays 1, and highlights bend softly towards it."""
    light = to_light(encoded) * gain
    over = np.maximum(light - KNEE, 0) / (1 - KNEE)
    widest = (gain - KNEE) / (1 - KNEE)
    return from_light(np.minimum(light, KNEE) + (1 - KNEE) * over / (1 + over * (1 - 1 / widest)))
