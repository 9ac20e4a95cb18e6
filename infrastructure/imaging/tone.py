"""The tone curve, and how it is laid over a picture: by the brightness around each pixel, so detail stays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from infrastructure.imaging.light import Plane, Planes, from_light, to_light

STEPS = 1024
"""Entries of the curve's table; twice as many change no 8-bit value."""
OWN_SHARE = np.float32(0.5)
"""How much a pixel's own brightness counts against that around it, where it is the brighter of the two."""
LARGEST_DETAIL = np.float32(0.12)
"""Encoded; larger steps are edges, which local contrast must not exaggerate."""
DARK = np.float32(0.08)
"""Encoded; below this brightness detail is mostly noise, and its contrast is raised less."""


@dataclass(frozen=True)
class Tone:
    """The curve from black to white, both of which it leaves where they are."""

    lift: float
    """Its slope for light in the deepest shadows; it falls to 1 / lift in the highlights."""
    contrast: float
    """Its slope around the pivot."""
    pivot: float
    """Encoded brightness that contrast leaves as it is."""

    def curve(self, encoded: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Encoded values, 0 to 1, after the curve."""
        light = to_light(encoded)
        lifted = np.minimum(from_light(self.lift * light / (1 + (self.lift - 1) * light)), 1)
        below = lifted**self.contrast
        above = (1 - lifted) ** self.contrast
        curve: npt.NDArray[np.float64] = below / (
            below + (self.pivot / (1 - self.pivot)) ** (self.contrast - 1) * above
        )
        return curve

    @cached_property
    def gains(self) -> npt.NDArray[np.float32]:
        """What the curve multiplies each of STEPS + 1 encoded values from 0 to 1 by."""
        encoded = np.arange(1, STEPS + 1) / STEPS
        gains = self.curve(encoded) / encoded
        return np.concatenate(([gains[0]], gains)).astype(np.float32)


def exposure_of(
    planes: Planes, brightness: Plane, base: Plane, tone: Tone, local_contrast: float = 0
) -> Plane:
    """What each pixel is multiplied by, all three channels alike, so that no colour shifts.

    `base` is the brightness around each pixel without its detail. Nothing is pushed beyond white: what would
    be comes as close to it as its brightest channel allows, and what was white stays white.
    """
    around = brightness - base
    guide = base + OWN_SHARE * np.maximum(around, 0)
    guide *= np.float32(STEPS)
    gain = tone.gains.take(guide.astype(np.intp), mode="clip")
    if local_contrast:
        np.clip(around, -LARGEST_DETAIL, LARGEST_DETAIL, out=around)
        around /= np.maximum(brightness, DARK)
        around *= np.float32(local_contrast)
        around += 1
        gain *= around
    brightest = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    np.maximum(brightest, np.float32(1e-3), out=brightest)
    rise = gain - 1
    rise *= brightest
    room = np.float32(1.001) - brightest
    limited = np.maximum(rise, 0)
    limited /= room
    np.negative(limited, out=limited)
    np.expm1(limited, out=limited)
    limited *= room  # minus the rise that fits below white
    np.minimum(rise, 0, out=rise)
    rise -= limited
    rise /= brightest
    rise += 1
    return np.asarray(rise, np.float32)
