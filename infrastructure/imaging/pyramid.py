"""Planes at half and twice their size, and smoothed: the steps of the pyramid that noise is looked for in."""

import numpy as np

from infrastructure.imaging.light import Plane


def halved(plane: Plane) -> Plane:
    """Half as high and wide, both of which must be even: the mean of each four pixels."""
    rows = plane[::2] + plane[1::2]
    half = rows[:, ::2] + rows[:, 1::2]
    half *= np.float32(0.25)
    return half


def doubled(plane: Plane) -> Plane:
    """Twice as high and wide, by linear interpolation between the centres of the pixels."""
    height, width = plane.shape
    tall = np.empty((2 * height, width), np.float32)
    near, far = plane * np.float32(0.75), plane * np.float32(0.25)
    np.add(near[1:], far[:-1], out=tall[2::2])
    np.add(near[:-1], far[1:], out=tall[1:-1:2])
    tall[0], tall[-1] = plane[0], plane[-1]
    large = np.empty((2 * height, 2 * width), np.float32)
    near, far = tall * np.float32(0.75), tall * np.float32(0.25)
    np.add(near[:, 1:], far[:, :-1], out=large[:, 2::2])
    np.add(near[:, :-1], far[:, 1:], out=large[:, 1:-1:2])
    large[:, 0], large[:, -1] = tall[:, 0], tall[:, -1]
    return large


def blurred(plane: Plane) -> Plane:
    """Smoothed by the kernel 1 2 1 both ways; what lies beyond the edges is like the edges."""
    quarter = plane * np.float32(0.25)
    down = plane * np.float32(0.5)
    down[1:] += quarter[:-1]
    down[:-1] += quarter[1:]
    down[0] += quarter[0]
    down[-1] += quarter[-1]
    np.multiply(down, np.float32(0.25), out=quarter)
    down *= np.float32(0.5)
    down[:, 1:] += quarter[:, :-1]
    down[:, :-1] += quarter[:, 1:]
    down[:, 0] += quarter[:, 0]
    down[:, -1] += quarter[:, -1]
    return down
