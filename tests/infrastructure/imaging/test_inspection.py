"""What is taken in as a photo and what is not: decided by decoding it, whatever its name or header says."""

import struct
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from application.photos import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoFacts,
    PhotoHasTooManyPixels,
    PhotoUnreadable,
    PhotoUnsupported,
)
from application.pictures import PREVIEW, THUMBNAIL
from infrastructure.imaging.inspection import inspect
from infrastructure.imaging.intake import take_in
from infrastructure.imaging.metadata import strip
from tests.infrastructure.imaging import files
from tests.infrastructure.imaging.files import HEIGHT, PERSONAL, WIDTH, heic, jpeg, picture, png, saved, webp

LYING = range(5, 9)
TAKEN = {
    "a JPEG": (jpeg(), "image/jpeg"),
    "a progressive JPEG": (jpeg(progressive=True), "image/jpeg"),
    "a grey JPEG": (jpeg(picture(mode="L")), "image/jpeg"),
    "a CMYK JPEG": (jpeg(picture(mode="CMYK")), "image/jpeg"),
    "a PNG": (png(), "image/png"),
    "a PNG of a palette": (png(picture(mode="P")), "image/png"),
    "a PNG of one bit": (png(picture(mode="1")), "image/png"),
    "a PNG of sixteen bits": (png(picture(mode="I;16")), "image/png"),
    "a transparent PNG": (png(picture(mode="RGBA")), "image/png"),
    "a WebP": (webp(), "image/webp"),
    "a lossless WebP": (webp(lossless=True), "image/webp"),
    "a HEIC": (heic(), "image/heic"),
    "a tiled HEIC": (heic(tile_size=32), "image/heic"),
    "a transparent HEIC": (heic(picture(mode="RGBA")), "image/heic"),
    "a grey HEIC": (heic(picture(mode="L")), "image/heic"),
    "a HEIF": (heic().replace(b"ftypheic", b"ftypmif1"), "image/heif"),
}
KINDS = {
    "JPEG": jpeg(),
    "PNG": png(),
    "lossy WebP": webp(),
    "lossless WebP": webp(lossless=True),
    "HEIC": heic(),
}


@pytest.mark.parametrize(("photo", "media_type"), TAKEN.values(), ids=TAKEN)
def test_these_are_taken(photo: bytes, media_type: str) -> None:
    assert inspect(photo) == PhotoFacts(media_type, WIDTH, HEIGHT)


@pytest.mark.parametrize("kind", KINDS)
def test_one_pixel_is_a_photo_too(kind: str) -> None:
    one = {"JPEG": jpeg, "PNG": png, "lossy WebP": webp, "lossless WebP": webp, "HEIC": heic}[kind]
    facts = inspect(one(picture(1, 1)))
    assert (facts.width, facts.height) == (1, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("media_type", PERSONAL)
def test_width_and_height_are_those_of_the_picture_shown_upright(media_type: str, orientation: int) -> None:
    facts = inspect(PERSONAL[media_type](orientation))
    upright = (HEIGHT, WIDTH) if orientation in LYING else (WIDTH, HEIGHT)
    assert facts == PhotoFacts(media_type, *upright)


def test_nothing_is_not_a_photo() -> None:
    with pytest.raises(PhotoEmpty):
        inspect(b"")


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF", "PPM", "ICO", "PDF", "JPEG2000"])
def test_other_formats_are_not_taken(kind: str) -> None:
    with pytest.raises(PhotoUnsupported):
        inspect(saved(picture(), kind))


@pytest.mark.parametrize(
    "text", [b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"PK\x03\x04", b"\xff\xd8"]
)
def test_neither_is_anything_else(text: bytes) -> None:
    with pytest.raises(PhotoUnsupported):
        inspect(text)


@pytest.mark.parametrize(
    "header", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x01\x00\x00WEBP", b"\0\0\0\x18ftypheic"]
)
def test_a_header_makes_no_photo(header: bytes) -> None:
    with pytest.raises(PhotoUnreadable):
        inspect(header + b"and then some text that no decoder understands, however long it looks at it")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_that_breaks_off_cannot_be_read(kind: str, share: float) -> None:
    photo = KINDS[kind]
    with pytest.raises(PhotoUnreadable):
        inspect(photo[: int(len(photo) * share)])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_breaks_off_is_not_saved_by_an_end_marker(*, progressive: bool) -> None:
    photo = jpeg(picture(640, 480), progressive=progressive)
    with pytest.raises(PhotoUnreadable):
        inspect(photo[: len(photo) * 2 // 3] + b"\xff\xd9")


def test_a_jpeg_with_a_hole_cannot_be_read() -> None:
    photo = jpeg(picture(640, 480), restart_marker_rows=1)
    middle = len(photo) // 2
    with pytest.raises(PhotoUnreadable):
        inspect(photo[:middle] + photo[middle + 700 :])


def test_a_jpeg_with_a_few_bytes_too_many_is_what_some_cameras_write() -> None:
    photo = jpeg()
    assert inspect(photo[:-2] + b"\x00\x00\x00" + photo[-2:]).width == WIDTH


def test_animations_are_not_taken() -> None:
    frames: dict[str, Any] = {"save_all": True, "append_images": [picture().rotate(180)], "duration": 100}
    for photo in (png(**frames), webp(**frames), heic(**frames)):
        with pytest.raises(PhotoAnimated):
            inspect(photo)


@pytest.mark.parametrize("brand", [b"hevc", b"hevx", b"msf1"])
def test_image_sequences_are_not_taken(brand: bytes) -> None:
    with pytest.raises(PhotoAnimated):
        inspect(heic().replace(b"ftypheic", b"ftyp" + brand))


def test_a_phones_second_picture_in_the_same_jpeg_is_no_animation() -> None:
    two = saved(picture(), "MPO", save_all=True, append_images=[picture(48, 32)])
    assert inspect(two) == PhotoFacts("image/jpeg", WIDTH, HEIGHT)
    assert len(strip(two)) < len(two)


def test_sixty_megapixels_are_taken() -> None:
    assert inspect(png(Image.new("1", (10_000, 6_000)))) == PhotoFacts("image/png", 10_000, 6_000)


def test_more_are_not_and_it_is_said_how_many() -> None:
    with pytest.raises(PhotoHasTooManyPixels) as told:
        inspect(png(Image.new("1", (10_000, 6_001))))
    assert told.value.megapixels == pytest.approx(60.01)
    assert told.value.limit == 60


def test_a_jpeg_that_claims_more_is_not_decoded_for_its_small_versions() -> None:
    claims = bytearray(jpeg())
    frame = claims.index(b"\xff\xc0")
    claims[frame + 5 : frame + 9] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(PhotoHasTooManyPixels):
        take_in(bytes(claims))


@pytest.mark.parametrize("media_type", PERSONAL)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_taking_in_gives_the_facts_the_original_and_its_small_versions(
    media_type: str, orientation: int
) -> None:
    photo = PERSONAL[media_type](orientation)
    taken = take_in(photo)
    assert (taken.facts, taken.original) == (inspect(photo), strip(photo))
    for small in (taken.preview, taken.thumbnail):
        assert Image.open(BytesIO(small)).size == (taken.facts.width, taken.facts.height)
        assert abs(files.shown(small).astype(int) - files.shown(taken.original)).mean() < 8


@pytest.mark.parametrize("size", [(4000, 1000), (1000, 4000), (2000, 1500), (3300, 3300)])
def test_small_versions_fit_into_their_squares(size: tuple[int, int]) -> None:
    taken = take_in(jpeg(picture(*size), exif=files.exif(6)))
    for small, side in ((taken.preview, PREVIEW), (taken.thumbnail, THUMBNAIL)):
        width, height = Image.open(BytesIO(small)).size
        assert max(width, height) == side
        assert width / height == pytest.approx(size[1] / size[0], rel=0.01)


def test_the_damage_is_found_at_half_the_size_too() -> None:
    photo = jpeg(picture(4000, 3000), quality=50)
    with pytest.raises(PhotoUnreadable):
        take_in(photo[: len(photo) * 9 // 10] + b"\xff\xd9")
