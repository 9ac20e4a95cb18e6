"""How like two pictures are, by the structural similarity of their brightness, and a neutral way to reduce one."""

from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float32]
"""Brightness, 0 to 255."""

WINDOW, SPREAD = 11, 1.5
"""Side of the Gaussian window and its standard deviation, in pixels (Wang et al. 2004, III.C)."""
STABILISERS = ((0.01 * 255) ** 2, (0.03 * 255) ** 2)
LOBES = 3


def luma_of(photo: bytes) -> Plane:
    """Of a picture in any format, by the weights of BT.601."""
    with Image.open(BytesIO(photo)) as image:
        return np.asarray(image.convert("RGB"), np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def reduced(plane: Plane, height: int, width: int) -> Plane:
    """By the filter of Lanczos with three lobes, in one step and without rounding."""
    return _reduced(_reduced(plane, height).T, width).T


def ssim(one: Plane, other: Plane) -> float:
    """1 for equal pictures (Wang et al. 2004)."""
    small, large = STABILISERS
    means = _blurred(one), _blurred(other)
    variances = _blurred(one * one) - means[0] ** 2, _blurred(other * other) - means[1] ** 2
    covariance = _blurred(one * other) - means[0] * means[1]
    alike = (2 * means[0] * means[1] + small) * (2 * covariance + large)
    return float((alike / ((means[0] ** 2 + means[1] ** 2 + small) * (sum(variances) + large))).mean())


def _reduced(plane: Plane, height: int) -> Plane:
    scale = plane.shape[0] / height
    centres = (np.arange(height) + 0.5) * scale - 0.5
    first = np.floor(centres - LOBES * scale).astype(int) + 1
    taps = first[:, None] + np.arange(int(2 * LOBES * scale) + 1)
    distance = (taps - centres[:, None]) / scale
    weights = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.clip(taps, 0, plane.shape[0] - 1)
    result = np.zeros((height, plane.shape[1]), np.float32)
    for tap in range(taps.shape[1]):
        result += weights[:, tap, None].astype(np.float32) * plane[rows[:, tap]]
    return result


def _blurred(plane: Plane) -> Plane:
    offsets = np.arange(WINDOW) - WINDOW // 2
    kernel = np.exp(-(offsets**2) / (2 * SPREAD**2)).astype(np.float32)
    kernel /= kernel.sum()
    down = sum(weight * plane[at : plane.shape[0] - WINDOW + 1 + at] for at, weight in enumerate(kernel))
    return np.asarray(
        sum(weight * down[:, at : plane.shape[1] - WINDOW + 1 + at] for at, weight in enumerate(kernel))
    )
