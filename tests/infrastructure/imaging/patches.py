"""Patches of colours whose look is known from the definitions of their spaces, and photos of them."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from infrastructure.imaging.profiles import DISPLAY_P3, ColourSpace
from tests.infrastructure.imaging.files import heic, jpeg, png, shown, webp

Colours = npt.NDArray[np.float64]

PATCHES = np.array(
    [
        [128, 128, 128],
        [250, 250, 250],
        [4, 4, 4],
        [180, 90, 80],
        [90, 160, 100],
        [80, 90, 170],
        [222, 190, 150],
        [120, 190, 205],
    ],
    dtype=np.uint8,
)
"""Encoded in their own space, and inside sRGB in each that is tried here."""
P3_TO_SRGB = np.array(
    [[1.2249401, -0.2249402, 0.0], [-0.0420569, 1.0420571, 0.0], [-0.0196376, -0.0786507, 1.0982884]]
)
"""Linear light; CSS Color Module Level 4, 17."""
ADOBE_TO_SRGB = np.array([[1.3983557, -0.3983557, 0.0], [0.0, 1.0, 0.0], [0.0, -0.0429290, 1.0429290]])
"""Linear light; from the two definitions' primaries."""
SIDE = 16

PHOTO: dict[str, Callable[..., bytes]] = {
    "JPEG": lambda image, **options: jpeg(image, quality=100, subsampling=0, **options),
    "PNG": png,
    "WebP": lambda image, **options: webp(image, lossless=True, **options),
    "HEIC": lambda image, **options: heic(image, quality=-1, chroma=444, **options),
}


def sheet(patches: npt.NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(patches[None].repeat(SIDE, axis=0).repeat(SIDE, axis=1))


def patches_of(photo: bytes) -> Colours:
    return shown(photo)[SIDE // 2, SIDE // 2 :: SIDE].astype(float)


def light(encoded: Colours) -> Colours:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encoded(linear: Colours) -> Colours:
    within = np.clip(linear, 0, 1)
    return np.where(within <= 0.0031308, within * 12.92, 1.055 * within ** (1 / 2.4) - 0.055)


def expected(space: ColourSpace) -> Colours:
    values = PATCHES / 255
    if space is DISPLAY_P3:
        return encoded(light(values) @ P3_TO_SRGB.T) * 255
    return encoded(values ** (563 / 256) @ ADOBE_TO_SRGB.T) * 255
