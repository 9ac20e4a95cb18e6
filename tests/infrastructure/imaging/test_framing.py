"""Photos go to a model in a shape that it knows, and what it sends comes back in the photo's own frame."""

from io import BytesIO
from math import log
from typing import Any

import pytest
from PIL import Image, ImageCms

from application.photos import PhotoRejected
from domain.brief import Preset
from infrastructure.imaging import quality
from infrastructure.imaging.framing import LARGEST, SHAPES, finish, nearest_shape, prepare
from tests.infrastructure.staging.conftest import SAMPLES

ROOM = (SAMPLES / "living-room.jpg").read_bytes()
SIZES = [
    (1600, 1067),
    (1067, 1600),
    (1600, 1200),
    (1200, 1000),
    (1600, 533),
    (400, 1600),
    (999, 1000),
    (37, 41),
]


def _room(width: int, height: int) -> bytes:
    """The upper left part of the room, as large as it goes, in this size."""
    with Image.open(BytesIO(ROOM)) as room:
        scale = min(room.width / width, room.height / height)
        part = room.crop((0, 0, round(width * scale), round(height * scale))).resize((width, height))
    return _written(part)


def _written(picture: Image.Image, kind: str = "JPEG") -> bytes:
    written = BytesIO()
    picture.save(written, kind)
    return written.getvalue()


def _size(picture: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(picture)) as opened:
        return opened.size


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_whatever_its_shape_a_photo_comes_back_in_it(width: int, height: int) -> None:
    photo = _room(width, height)
    prepared = prepare(photo, 1024)
    sent_width, sent_height = _size(prepared.picture)
    assert abs(log(sent_width / sent_height / SHAPES[prepared.shape])) < 0.03
    finished = finish(photo + prepared.picture, len(photo))
    back_width, back_height = _size(finished.picture)
    assert back_width / back_height == pytest.approx(width / height, abs=1.5 / min(back_width, back_height))
    assert back_width <= width
    assert finished.misshapen < quality.MISSHAPEN
    assert finished.structure > 0.95, "every line is where it was"


def test_a_photo_that_the_model_can_take_is_not_coded_once_more() -> None:
    assert prepare(ROOM, 2048).picture == ROOM


@pytest.mark.parametrize("side", [1, 4, 7, 8, 9])
def test_the_smallest_photo_is_a_photo(side: int) -> None:
    photo = _room(side, side)
    assert prepare(photo, 2048).picture == photo


@pytest.mark.parametrize("kind", ["too large", "turned", "in other colours", "in no known shape"])
def test_any_other_is(kind: str) -> None:
    exif, options, size = Image.Exif(), dict[str, Any](), (960, 640)
    if kind == "turned":
        exif[0x0112] = 6
    if kind == "in other colours":
        options["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    if kind == "in no known shape":
        size = (960, 500)
    with Image.open(BytesIO(ROOM)) as room:
        written = BytesIO()
        room.resize(size).save(written, "JPEG", exif=exif, **options)
    sent = prepare(written.getvalue(), 640 if kind == "too large" else 2048).picture
    assert sent != written.getvalue()
    with Image.open(BytesIO(sent)) as opened:
        assert max(opened.size) <= 2048
        assert opened.getexif().get(0x0112, 1) == 1
        assert "icc_profile" not in opened.info


def test_a_picture_in_its_frame_already_is_delivered_byte_by_byte() -> None:
    sent = prepare(ROOM, 1024).picture
    assert finish(ROOM + sent, len(ROOM)).picture == sent


def test_other_formats_become_a_jpeg() -> None:
    with Image.open(BytesIO(ROOM)) as room:
        sent = _written(room.resize((1200, 800)), "PNG")
    finished = finish(ROOM + sent, len(ROOM))
    assert finished.picture.startswith(b"\xff\xd8")
    assert quality.fault(Preset.ENHANCE, finished) is None


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_picture_in_the_photos_own_shape_is_in_shape_whatever_its_format(width: int, height: int) -> None:
    photo = _room(width, height)
    with Image.open(BytesIO(photo)) as room:
        finished = finish(photo + _written(room, "PNG"), len(photo))
    assert _size(finished.picture) == (width, height)
    assert finished.misshapen < 0.001
    assert finished.structure > 0.95, "every line is where it was"


def test_a_result_is_never_larger_than_its_photo() -> None:
    small = _room(300, 200)
    assert _size(finish(small + ROOM, len(small)).picture) == (300, 200)


def test_a_photo_is_sent_small_enough_even_when_it_is_nothing_but_noise() -> None:
    noise = _written(Image.effect_noise((4096, 4096), 200).convert("RGB"))
    assert len(prepare(noise, 4096).picture) <= LARGEST


@pytest.mark.parametrize("sent", [b"", b"\xff\xd8\xff not a picture", b"GIF89a", ROOM[:5000]])
def test_what_is_no_picture_is_rejected(sent: bytes) -> None:
    with pytest.raises(PhotoRejected):
        finish(ROOM + sent, len(ROOM))


def test_every_shape_is_nearest_to_itself() -> None:
    assert [nearest_shape(ratio) for ratio in SHAPES.values()] == list(SHAPES)
