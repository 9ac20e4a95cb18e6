"""Exposure: the picture's own histogram decides its black, its white and how far its shadows are lifted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.light import Plane, Planes
from infrastructure.imaging.tone import Tone, exposure_of

DARKEST, HAZIEST = 0.07, 0.27
"""Encoded brightness of a picture's darkest parts: up to the first they are as they are in many good pictures,
from the second on they are veiled by haze, and in between it is taken for part of it."""
HAZE_REMOVED = 0.85
"""Part of the haze that is taken away."""
MOST_HAZE = 0.33
"""Encoded; an airy picture without any black is not stretched further than this."""
BRIGHTEST = 0.97
"""Encoded value that the brightest parts are brought to when nothing in the picture reaches it."""
NARROWEST = 0.27
"""The least distance of black and white: more than 3.8 stops of underexposure hold mostly noise."""

CLIPPED = 0.975
"""Encoded; parts from here on are windows and lamps, which say nothing about the light in the room."""
DIM = (0.43, 0.54)
"""Mean encoded brightness below which a room looks darker than it should: a room with much that is bright, such
as white linen before a dark wall, and one with nothing bright but a window."""
BRIGHT = (0.75, 0.35)
"""Encoded; a picture has much that is bright if a seventh of it is brighter than the first, and nothing if less
than a seventh is brighter than the second."""
GLARING = 0.72
"""Mean encoded brightness above which a room looks washed out."""
MOST_LIFT = 12.0
"""The steepest a curve may start: 3.6 stops for the deepest shadows."""
SPREAD = 0.2
"""Standard deviation of encoded brightness in a photograph that does not look flat."""


@dataclass(frozen=True)
class Levels:
    """The encoded values that become black and white."""

    black: float
    white: float

    def stretch(self, encoded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.clip((encoded - self.black) / (self.white - self.black), 0, 1)


def levels_for(planes: Planes, brightness: Plane) -> Levels:
    """Black and white for a small picture whose colours are balanced."""
    darkest = float(np.percentile(brightness, 0.05))
    doubt = min(max((darkest - DARKEST) / (HAZIEST - DARKEST), 0.0), 1.0)
    haze = darkest * doubt**2 * (3 - 2 * doubt)
    black = min(haze * HAZE_REMOVED, MOST_HAZE)
    brightest = float(np.percentile(planes.max(axis=0), 99.7))
    return Levels(black, min(1.0, black + max((brightest - black) / BRIGHTEST, NARROWEST)))


def tone_for(planes: Planes, brightness: Plane, base: Plane) -> Tone:
    """The curve that brings a small picture, its levels set, to the brightness of a well lit room."""
    inside = planes.max(axis=0) < CLIPPED
    if inside.mean() < 0.2:  # the picture is almost all window: judge it by what there is
        inside[:] = True
    goal = goal_for(float(brightness[inside].mean()), float(np.percentile(brightness, 100 * 6 / 7)))
    pivot = min(max(goal, 0.2), 0.6)

    def printed(tone: Tone) -> Plane:
        return brightness * exposure_of(planes, brightness, base, tone)

    def mean_with(tone: Tone) -> float:
        return float(printed(tone)[inside].mean())

    plain = _lifted(1.0, pivot, goal, mean_with)
    flatness = max(0.0, SPREAD - float(printed(plain).std()))
    contrast = 1 + min(0.3, 2 * flatness) + min(0.15, 0.08 * max(0.0, float(np.log2(plain.lift))))
    return _lifted(contrast, pivot, goal, mean_with)


def goal_for(mean: float, bright: float) -> float:
    """The mean encoded brightness wanted for a picture that has `mean`: a good one keeps its own.

    `bright` is what a seventh of the picture is brighter than. A dim picture is brought up the farther the
    darker it is; a slightly dim one may be meant so and is hardly touched.
    """
    much, none = BRIGHT
    dark = min(max((much - bright) / (much - none), 0.0), 1.0)
    dim = DIM[0] + (DIM[1] - DIM[0]) * dark
    if mean < dim:
        lack = dim - mean
        return mean + 1.1 * lack**2 / (lack + 0.03)
    return mean - 0.4 * max(0.0, mean - GLARING)


def _lifted(contrast: float, pivot: float, goal: float, mean_with: Callable[[Tone], float]) -> Tone:
    """The tone of this contrast whose lift brings the mean to the goal, found by halving the interval."""
    low, high = 0.5, MOST_LIFT
    tone = Tone(1.0, contrast, pivot)
    if abs(mean_with(tone) - goal) < 0.004:  # a difference nobody sees
        return tone
    for _ in range(12):
        tone = Tone((low * high) ** 0.5, contrast, pivot)
        if mean_with(tone) < goal:
            low = tone.lift
        else:
            high = tone.lift
    return tone
