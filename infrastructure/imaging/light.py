"""How sRGB numbers relate to light: the conversions that the darkroom's measurements and curves share."""

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
"""One value per pixel, shape (height, width); 0 is black and 1 is the white of sRGB unless said otherwise."""
Planes = npt.NDArray[np.float32]
"""Red, green and blue planes, shape (3, height, width)."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of encoded red, green and blue in perceived brightness (ITU-R BT.601-7, 2.5.1)."""


def to_light(encoded: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Linear light of encoded sRGB values, both 0 to 1 (IEC 61966-2-1)."""
    value = np.asarray(encoded, np.float64)
    return np.where(value <= 0.04045, value / 12.92, ((np.maximum(value, 0) + 0.055) / 1.055) ** 2.4)


def from_light(light: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Encoded sRGB values of linear light, both 0 to 1 (IEC 61966-2-1)."""
    value = np.maximum(np.asarray(light, np.float64), 0)
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)


def luma(planes: Planes) -> Plane:
    """Perceived brightness of encoded planes."""
    red, green, blue = LUMA
    brightness = planes[0] * np.float32(red)
    brightness += planes[1] * np.float32(green)
    brightness += planes[2] * np.float32(blue)
    return np.asarray(brightness, np.float32)
