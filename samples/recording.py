"""How a camera records light: glare, exposure, noise of the sensor, and the curve of its picture."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samples.tracing import Vectors

GLARE = 0.012
"""Part of the light that the lens spreads widely."""
SHOULDER = 0.8
"""Light up to here is recorded as it is; above, the curve bends so that highlights don't clip at once."""


@dataclass(frozen=True)
class Recording:
    """The settings of one photo, faults included."""

    exposure: float
    """What light is multiplied by."""
    grain: float = 0.0
    """Standard deviation of the noise where the sensor is full, as a part of that."""
    veil: float = 0.0
    """Part of the finished picture that is replaced by grey, as by a fogged lens."""
    veil_colour: tuple[float, float, float] = (0.62, 0.63, 0.64)


def recorded(light: Vectors, recording: Recording, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """The picture, encoded sRGB, of linear light of the same shape (height, width, 3)."""
    seen = light * (1 - GLARE) + _spread(np.minimum(light, 12 / recording.exposure)) * GLARE
    seen *= recording.exposure * _falloff(light.shape[0], light.shape[1])[..., None]
    if recording.grain:
        seen = seen + _noise(seen, recording.grain, rng)
    over = np.maximum(seen - SHOULDER, 0) / (1 - SHOULDER)
    bent = np.minimum(seen, SHOULDER) + (1 - SHOULDER) * over / (1 + over * 0.55)
    bent = np.clip(bent, 0, 1)
    encoded = np.where(bent <= 0.0031308, bent * 12.92, 1.055 * np.maximum(bent, 1e-9) ** (1 / 2.4) - 0.055)
    veiled = encoded * (1 - recording.veil) + np.array(recording.veil_colour) * recording.veil
    return (np.clip(veiled, 0, 1) * 255 + 0.5).astype(np.uint8)


def _noise(seen: Vectors, grain: float, rng: np.random.Generator) -> Vectors:
    """Noise of the photons and of reading them out, softened as by making three colours of each pixel."""
    deviation = grain * np.sqrt(np.maximum(seen, 0) + 0.004)
    noise = rng.normal(size=seen.shape).astype(np.float32)
    softened = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 2
    return (deviation * (0.55 * noise + 0.75 * softened)).astype(np.float32)


def _spread(light: Vectors) -> Vectors:
    """Light smeared over a fifth of the picture, by three box means in either direction."""
    reach = light.shape[1] // 16
    for axis in (0, 1) * 3:
        widths = [(0, 0)] * 3
        widths[axis] = (reach + 1, reach)
        sums = np.pad(light.astype(np.float64), widths, "edge").cumsum(axis)
        length = light.shape[axis]
        most = np.take(sums, np.arange(2 * reach + 1, 2 * reach + 1 + length), axis)
        light = ((most - np.take(sums, np.arange(length), axis)) / (2 * reach + 1)).astype(np.float32)
    return light


def _falloff(height: int, width: int) -> npt.NDArray[np.floating]:
    """Lenses pass less light at the corners."""
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    off_axis = down**2 * (height / width) ** 2 + across**2
    return np.asarray(1 - 0.14 * off_axis, np.float32)
