"""Photos on their way to an image model and back: into a shape that it takes, and out of it into their own frame."""

from math import log
from typing import Any

from infrastructure.imaging.comparing import SIDE, likeness
from infrastructure.imaging.containers.exif import UPRIGHT
from infrastructure.imaging.decoding import (
    LYING,
    decoding,
    media_type_of,
    open_photo,
    orientation_of,
    upright_srgb,
)
from infrastructure.imaging.pictures import fitted
from infrastructure.imaging.sandbox.tasks import Finished, Prepared

SHAPES = {
    "1:1": 1.0,
    "2:3": 2 / 3,
    "3:2": 3 / 2,
    "3:4": 3 / 4,
    "4:3": 4 / 3,
    "4:5": 4 / 5,
    "5:4": 5 / 4,
    "9:16": 9 / 16,
    "16:9": 16 / 9,
    "21:9": 21 / 9,
}
"""Width by height of the shapes that the models make, by their names there."""
NEAR = 0.02
"""How far (as a natural logarithm) a photo's shape may be from one of these and still count as that."""
LARGEST = 7_000_000
"""Bytes; the models take no more in a request."""
QUALITIES = (92, 85, 75, 60, 40, 20)
"""Of the JPEG that is sent: the first with which it is small enough."""
RESULT_QUALITY = 92
_SHRUNK = 8
"""Pixels on a side from which a JPEG can be decoded at an eighth of its size."""


def prepare(photo: bytes, longest_side: int) -> Prepared:
    """A photo that a model could take as it is goes as it is, so that it is not coded once more.

    Raises PhotoEmpty, PhotoUnsupported, PhotoUnreadable, PhotoAnimated or PhotoHasTooManyPixels.
    """
    if (found := _as_it_is(photo, longest_side)) is not None:
        return found
    image = fitted(photo, longest_side, longest_side)
    shape = nearest_shape(image.width / image.height)
    with decoding():
        image = _with_margins(image.copy_memory(), SHAPES[shape])
        picture = b""
        for quality in QUALITIES:
            picture = bytes(image.jpegsave_buffer(Q=quality, keep="none"))
            if len(picture) <= LARGEST:
                break
    return Prepared(picture, shape)


def finish(both: bytes, split: int) -> Finished:
    """`both` is the photo, up to the byte at `split`, and what the model sent for it after that.

    Raises what opening a photo raises when it is not a picture.
    """
    photo, sent = both[:split], both[split:]
    whole = open_photo(photo)
    width, height = _upright_size(whole)
    ratio = width / height
    canvas = SHAPES[nearest_shape(ratio)]
    opened = open_photo(sent)
    with decoding():
        if (
            _is_upright_jpeg(sent, opened)
            and opened.width <= width
            and round(opened.width / ratio) == opened.height
        ):
            found = likeness(_small(photo), _small(sent))  # decoded to its end all the same, only coarsely
            return Finished(sent, "image/jpeg", 0.0, found.contrast, found.change, found.structure)
        image = upright_srgb(opened).copy_memory()
        # Some models answer in the shape that was asked for, others in that of the photo itself.
        shape = min(ratio, canvas, key=lambda one: abs(log(image.width / image.height / one)))
        misshapen = abs(log(image.width / image.height / shape))
        framed = _framed(image, ratio, shape)
        if framed.width > width:
            framed = framed.resize(width / framed.width, vscale=height / framed.height)
        framed = framed.copy_memory()  # for it is read twice
        found = likeness(_small(photo), framed)
        picture = bytes(framed.jpegsave_buffer(Q=RESULT_QUALITY, keep="none"))
    return Finished(picture, "image/jpeg", misshapen, found.contrast, found.change, found.structure)


def nearest_shape(ratio: float) -> str:
    """Of SHAPES, for a picture's width by its height."""
    return min(SHAPES, key=lambda shape: abs(log(SHAPES[shape] / ratio)))


def _as_it_is(photo: bytes, longest_side: int) -> Prepared | None:
    """The photo if it is an upright JPEG in sRGB of a size and shape that the models take, else None."""
    image = open_photo(photo)
    ratio = image.width / image.height
    shape = nearest_shape(ratio)
    taken = (
        _is_upright_jpeg(photo, image)
        and not image.get_typeof("icc-profile-data")
        and max(image.width, image.height) <= longest_side
        and _is_near(ratio, SHAPES[shape])
        and len(photo) <= LARGEST
    )
    if not taken:
        return None
    with decoding():
        # Whoever cannot read it to its end must not be paid to try.
        open_photo(photo, shrink=_SHRUNK if min(image.width, image.height) >= _SHRUNK else 1).copy_memory()
    return Prepared(photo, shape)


def _is_upright_jpeg(photo: bytes, image: Any) -> bool:
    """Of three colours; `image` is the photo opened."""
    return media_type_of(photo) == "image/jpeg" and image.bands == 3 and orientation_of(image) == UPRIGHT


def _small(photo: bytes) -> Any:
    """As large as pictures are compared, so that a JPEG is decoded coarsely."""
    return fitted(photo, SIDE, SIDE).copy_memory()


def _with_margins(image: Any, canvas: float) -> Any:
    """Enlarged to the canvas's shape by what a mirror at its edges shows, so that no line ends at one."""
    ratio = image.width / image.height
    if _is_near(ratio, canvas):
        return image
    width = round(image.height * canvas) if ratio < canvas else image.width
    height = image.height if ratio < canvas else round(image.width / canvas)
    return image.embed(
        (width - image.width) // 2, (height - image.height) // 2, width, height, extend="mirror"
    )


def _framed(image: Any, ratio: float, canvas: float) -> Any:
    """The photo's part of it, and exactly its shape."""
    if _is_near(ratio, canvas):
        height = max(1, round(image.width / ratio))
        return image if height == image.height else image.resize(1, vscale=height / image.height)
    width = max(1, min(image.width, round(image.width * ratio / canvas)))
    height = max(1, min(image.height, round(image.height * canvas / ratio)))
    part = image.crop((image.width - width) // 2, (image.height - height) // 2, width, height)
    exact = max(1, round(part.width / ratio))
    return part if exact == part.height else part.resize(1, vscale=exact / part.height)


def _is_near(ratio: float, canvas: float) -> bool:
    return abs(log(ratio / canvas)) <= NEAR


def _upright_size(image: Any) -> tuple[int, int]:
    if orientation_of(image) >= LYING:
        return image.height, image.width
    return image.width, image.height
