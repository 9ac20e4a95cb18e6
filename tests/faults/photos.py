"""Photos made on the fly, whose colour tells the stager of these tests what becomes of them."""

import io
import random
from enum import StrEnum

from PIL import Image, ImageColor, ImageStat

SMALL, LARGE = (64, 48), (1600, 1200)
"""Width and height, in pixels."""
GRAIN = 0.3
"""Its share in a photo."""


class Fate(StrEnum):
    """What becomes of a photo, by its colour."""

    STAGED = "steelblue"
    REFUSED = "gold"
    """The stager's safety rules refuse it."""
    POISON = "crimson"
    """Staging it kills the worker."""


def photo(number: int, fate: Fate = Fate.STAGED, *, large: bool = False) -> bytes:
    """A JPEG unlike that of any other number; a large one has about 1.5 MB, a small one 3 kB."""
    width, height = LARGE if large else SMALL
    grain = Image.frombytes("RGB", (width, height), random.Random(number).randbytes(3 * width * height))
    return _jpeg(Image.blend(Image.new("RGB", (width, height), fate.value), grain, GRAIN))


def fate_of(picture: bytes) -> Fate:
    """By its mean colour, which grain and compression hardly change."""
    mean = ImageStat.Stat(_opened(picture)).mean
    return min(Fate, key=lambda fate: _distance(mean, ImageColor.getrgb(fate.value)))


def staged(picture: bytes) -> bytes:
    """What the stager of these tests makes of a photo: the same of the same, and of about its size."""
    return _jpeg(_opened(picture).transpose(Image.Transpose.FLIP_LEFT_RIGHT))


def _opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


def _distance(one: list[float], other: tuple[int, ...]) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))
