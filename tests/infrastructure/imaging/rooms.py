"""A photograph of a room for the tests of the darkroom, known ways to spoil it, and how to judge results."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.decoding import Pixels, image_of, open_photo, pixels_of, upright_srgb
from infrastructure.imaging.light import LUMA, from_light, to_light

Picture = npt.NDArray[np.float64]
"""Encoded sRGB, 0 to 1, shape (height, width, 3)."""

Spoil = Callable[[Picture], Picture]

SAMPLES = Path(__file__).parents[3] / "samples"
HEIGHT, WIDTH = 384, 576
CEILING, WALL = (slice(5, 60), slice(100, 480)), (slice(90, 200), slice(30, 250))
ACCENT, WINDOW = (slice(90, 230), slice(270, 380)), (slice(90, 190), slice(400, 500))


def good_room() -> Picture:
    """White walls and ceiling, a sage accent wall, an oak floor, a bright window, a dark door."""
    down, across = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    room = np.empty((HEIGHT, WIDTH, 3))
    room[:] = (0.62 - 0.22 * across + 0.1 * down)[..., None] * np.array([1.0, 0.985, 0.965])
    room[:70] = (0.72 - 0.25 * across[:70])[..., None] * np.array([1.0, 0.99, 0.98])
    boards = 0.85 + 0.15 * np.sin(40 * np.pi * across[240:]) * np.cos(9 * np.pi * down[240:])
    room[240:] = (boards * (0.5 + 0.5 * down[240:]))[..., None] * np.array([0.42, 0.27, 0.15])
    room[ACCENT] = np.array([0.27, 0.36, 0.30]) * (1.1 - 0.3 * across[ACCENT])[..., None]
    room[WINDOW] = np.array([0.86, 0.93, 0.97])
    room[110:240, 520:560] = np.array([0.03, 0.028, 0.03])
    texture = np.random.default_rng(5).normal(0, 0.003, (HEIGHT, WIDTH, 1))
    return np.clip(from_light(room) + texture, 0, 1)


def dark(room: Picture) -> Picture:
    """Two stops too little light."""
    return from_light(to_light(room) * 0.25)


def dim_but_for_the_window(room: Picture) -> Picture:
    """Three stops too little light in the room, while the window is as bright as can be."""
    spoilt = from_light(to_light(room) * 0.12)
    spoilt[WINDOW] = (0.97, 0.98, 0.99)
    return spoilt


def tungsten(room: Picture) -> Picture:
    return from_light(to_light(room) * np.array([1.0, 0.72, 0.38]))


def shade(room: Picture) -> Picture:
    return from_light(to_light(room) * np.array([0.62, 0.86, 1.0]))


def fluorescent(room: Picture) -> Picture:
    return from_light(to_light(room) * np.array([0.82, 1.0, 0.74]))


def flat(room: Picture) -> Picture:
    """Half the contrast."""
    return 0.5 + (room - 0.5) * 0.5


def hazy(room: Picture) -> Picture:
    return room * 0.6 + 0.36


def noisy(room: Picture) -> Picture:
    """Dark, and with the grain of a sensor at its limit."""
    light = to_light(room) * 0.25
    grain = np.random.default_rng(6).normal(0, 1, room.shape)
    return from_light(light + grain * np.sqrt(light * 0.0006 + 1e-6))


def coded(room: Picture) -> bytes:
    """The picture as a JPEG."""
    return bytes(image_of(as_pixels(room)).jpegsave_buffer(Q=95))


def as_pixels(room: Picture) -> Pixels:
    return (np.clip(room, 0, 1) * 255 + 0.5).astype(np.uint8)


def decoded(photo: bytes) -> Picture:
    return pixels_of(upright_srgb(open_photo(photo))) / 255.0


def brightness(room: Picture) -> npt.NDArray[np.float64]:
    brightness: npt.NDArray[np.float64] = room @ np.array(LUMA)
    return brightness


def cast(room: Picture) -> float:
    """How far the white wall and the ceiling are from neutral: the distance of CIELAB a* and b* from 0."""
    light = np.array([to_light(room[patch]).mean(axis=(0, 1)) for patch in (WALL, CEILING)]).mean(axis=0)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ light / np.array([0.9505, 1.0, 1.089]))
    return float(np.hypot(500 * (x - y), 200 * (y - z)))


def likeness(one: Picture, other: Picture) -> float:
    """Structural similarity of brightness, 0 to 1 (Wang et al. 2004), over squares of 7 pixels."""
    first, second = brightness(one), brightness(other)
    means = _mean(first), _mean(second)
    variances = _mean(first**2) - means[0] ** 2, _mean(second**2) - means[1] ** 2
    covariance = _mean(first * second) - means[0] * means[1]
    light = (2 * means[0] * means[1] + 0.01**2) / (means[0] ** 2 + means[1] ** 2 + 0.01**2)
    structure = (2 * covariance + 0.03**2) / (sum(variances) + 0.03**2)
    return float((light * structure).mean())


def grain(room: Picture) -> float:
    """Standard deviation from pixel to pixel on the wall, in 8-bit steps."""
    wall = brightness(room)[WALL]
    return float((wall[:, 1:] - wall[:, :-1]).std() * 255)


def _mean(plane: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(plane, (7, 7))
    mean: npt.NDArray[np.float64] = windows.mean(axis=(2, 3))
    return mean
