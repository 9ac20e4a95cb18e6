"""The outside: the light that comes from it in every direction, and how it looks through a window."""

import numpy as np

from samples.building import Sky
from samples.surfaces import Values, clouds
from samples.tracing import Vectors

TREES, LAWN = 0.08, -0.05
"""Elevation, as its tangent, that trees reach up to and grass begins at."""


def sky_light(sky: Sky, directions: Vectors) -> Vectors:
    """Radiance from outside, as far as it lights a room: a hazy sky over a line of trees and a lawn."""
    height = _height(directions)
    high = np.clip(height, 0, 1)[:, None] ** 0.5
    above = np.array(sky.horizon, np.float32) * (1 - high) + np.array(sky.zenith, np.float32) * high
    below = np.where(
        (height > LAWN)[:, None], np.array(sky.trees, np.float32), np.array(sky.ground, np.float32)
    )
    return np.where((height > TREES)[:, None], above, below).astype(np.float32)


def view(sky: Sky, directions: Vectors) -> Vectors:
    """The same as it is seen through the window: with clouds, crowns of trees and grass."""
    height = _height(directions)
    turn = np.arctan2(directions[:, 0], directions[:, 2])

    def noise(across: float, up: float, octaves: int, seed: int) -> Values:
        place = np.stack([turn * across, height * up, np.zeros_like(turn)], axis=1)
        return clouds(place.astype(np.float32), octaves, seed=seed)

    light = sky_light(
        sky, np.stack([directions[:, 0], np.maximum(directions[:, 1], TREES), directions[:, 2]], axis=1)
    )
    light = light * (1 + 0.16 * noise(2.2, 3.5, 4, 91)[:, None])
    for away, tall, seed in ((0.75, 1.25, 92), (0.0, 0.8, 93)):
        tops = tall * (TREES + 0.09 * noise(5, 0, 4, seed) + 0.02 * noise(47, 0, 3, seed + 5))
        leaves = 1 + 0.6 * noise(24, 24, 5, seed + 10)[:, None]
        trees = (
            np.array(sky.trees, np.float32) * leaves * (1 - away)
            + np.array(sky.horizon, np.float32) * 0.3 * away
        )
        hidden = np.clip((tops - height) / 0.012 + 0.5, 0, 1)[:, None]
        light = light * (1 - hidden) + trees * hidden
    lawn = np.array(sky.ground, np.float32) * (1 + 0.25 * noise(9, 30, 4, 95)[:, None])
    below = np.clip((LAWN - height) / 0.02 + 0.5, 0, 1)[:, None]
    return np.asarray(light * (1 - below) + lawn * below, np.float32)


def _height(directions: Vectors) -> Values:
    """Tangent of the elevation."""
    height: Values = directions[:, 1] / np.maximum(np.hypot(directions[:, 0], directions[:, 2]), 1e-4)
    return height
