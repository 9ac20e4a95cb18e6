"""The original that is kept: the same coded pixels, and nobody's name, place or second picture beside them."""

import struct
import zlib
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from application.photos import PhotoAnimated, PhotoRejected, PhotoUnreadable, PhotoUnsupported
from infrastructure.imaging.containers.exif import exif_of
from infrastructure.imaging.decoding import media_type_of
from infrastructure.imaging.inspection import inspect
from infrastructure.imaging.metadata import strip
from tests.infrastructure.imaging import files
from tests.infrastructure.imaging.files import (
    MAKER,
    ORIENTATION,
    PERSONAL,
    PROFILE,
    SECRET,
    coded,
    exif,
    heic,
    jpeg,
    personal_heic,
    picture,
    png,
    saved,
    shown,
    webp,
    with_segment,
)

SEEDS = [make(orientation) for make in PERSONAL.values() for orientation in (1, 6)]


def opened(photo: bytes) -> Image.Image:
    return Image.open(BytesIO(photo))


def scans(photo: bytes) -> bytes:
    return photo[photo.index(b"\xff\xda") : photo.rindex(b"\xff\xd9")]


def archive() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as packed:
        packed.writestr("secret.txt", SECRET)
    return file.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("media_type", PERSONAL)
def test_who_and_where_are_gone_and_the_picture_is_the_same(media_type: str, orientation: int) -> None:
    photo = PERSONAL[media_type](orientation)
    original = strip(photo)
    assert SECRET in photo
    assert SECRET not in original
    assert coded(original) == coded(photo)
    assert (shown(original) == shown(photo)).all()


@pytest.mark.parametrize("media_type", PERSONAL)
def test_the_colours_keep_their_profile(media_type: str) -> None:
    assert opened(strip(PERSONAL[media_type](6))).info["icc_profile"] == PROFILE


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/webp"])
def test_of_exif_only_the_orientation_is_left(media_type: str) -> None:
    told = opened(strip(PERSONAL[media_type](6))).getexif()
    assert dict(told) == {ORIENTATION: 6}
    assert not opened(strip(PERSONAL[media_type](1))).getexif()


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_is_read_in_both_byte_orders(order: str) -> None:
    told = Image.Exif()
    told.endian = order
    told[MAKER], told[ORIENTATION] = SECRET.decode(), 8
    assert opened(strip(jpeg(exif=told))).getexif() == {ORIENTATION: 8}


@pytest.mark.parametrize("photo", SEEDS)
def test_stripping_again_changes_nothing(photo: bytes) -> None:
    original = strip(photo)
    assert strip(original) == original


@pytest.mark.parametrize(
    "photo",
    [jpeg(), jpeg(progressive=True), png(), png(picture(mode="P")), webp(), webp(lossless=True), heic()],
)
def test_a_photo_that_says_nothing_of_anybody_stays_as_it_is_but_for_order(photo: bytes) -> None:
    original = strip(photo)
    assert len(original) == len(photo)
    assert coded(original) == coded(photo)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpegs_scans_are_copied_byte_for_byte(*, progressive: bool) -> None:
    photo = jpeg(progressive=progressive, exif=exif(3), restart_marker_rows=1)
    assert scans(strip(photo)) == scans(photo)


@pytest.mark.parametrize(
    "behind",
    [SECRET, archive(), b"<html><script>alert(1)</script></html>", b"\0\0\0\x18ftypmp42" + SECRET, jpeg()],
)
@pytest.mark.parametrize("photo", [jpeg(), png(), webp(), heic()], ids=media_type_of)
def test_what_stands_behind_the_picture_is_cut_off(photo: bytes, behind: bytes) -> None:
    assert strip(photo + behind) == strip(photo)


def test_what_hides_between_a_jpegs_segments_is_left_out() -> None:
    photo = jpeg()
    assert strip(photo[:20] + SECRET + photo[20:]) == strip(photo)


def test_a_jpegs_thumbnails_are_left_out() -> None:
    photo = jpeg()
    tiny = struct.pack(">5sHBHHBB", b"JFIF\0", 0x0101, 0, 1, 1, 2, 2) + bytes(12)
    with_thumbnail = photo[:2] + struct.pack(">BBH", 0xFF, 0xE0, len(tiny) + 2) + tiny + photo[20:]
    assert strip(with_thumbnail) == strip(photo)
    assert strip(files.with_segment(photo, 0xE0, b"JFXX\0\x10" + jpeg(picture(16, 16)))) == strip(photo)


@pytest.mark.parametrize(("tag", "directory"), [(0xA001, 0x8769), (0x0001, 0xA005)])
def test_colours_that_only_exif_calls_adobe_rgb_get_the_profile(tag: int, directory: int) -> None:
    told = exif()
    told.get_ifd(0x8769)[0xA001] = 2 if tag == 0xA001 else 0xFFFF
    if directory == 0xA005:
        told.get_ifd(0x8769)[0xA005] = {0x0001: "R03"}
    original = strip(jpeg(exif=told))
    assert b"Adobe RGB (1998)" in opened(original).info["icc_profile"]
    assert strip(original) == original
    assert "icc_profile" not in opened(strip(jpeg(picture(mode="L"), exif=told))).info
    assert opened(strip(jpeg(exif=told, icc_profile=PROFILE))).info["icc_profile"] == PROFILE


def test_a_png_keeps_what_its_colours_depend_on() -> None:
    photo = png(picture(mode="P"), transparency=3, dpi=(300, 300))
    photo = files.with_chunk(photo, b"gAMA", struct.pack(">I", 45455))
    original = strip(photo)
    assert all(name in original for name in (b"PLTE", b"tRNS", b"gAMA", b"pHYs"))


def test_a_png_may_tell_its_orientation_behind_its_pixels() -> None:
    photo = png()
    late = photo[:-12] + files.chunk(b"eXIf", exif_of(6)) + photo[-12:]
    assert opened(strip(late)).getexif() == {ORIENTATION: 6}
    assert shown(strip(late)).shape == (files.WIDTH, files.HEIGHT, 3)
    assert strip(strip(late)) == strip(late)


def test_a_profile_that_is_a_bomb_or_damaged_is_left_out_of_a_png() -> None:
    bomb = b"x\0\0" + zlib.compress(bytes(50_000_000), 9)
    for content in (bomb, b"x\0\0" + b"no profile", b"", b"x\0\0" + zlib.compress(b"short")):
        assert strip(files.with_chunk(png(), b"iCCP", content)) == png()


COLOURED = {"JPEG": jpeg, "PNG": png, "WebP": webp, "HEIC": heic}


@pytest.mark.parametrize("kind", COLOURED)
def test_nothing_hides_behind_a_profile_or_in_its_place(kind: str) -> None:
    make = COLOURED[kind]

    for content in (SECRET, SECRET * 10, PROFILE[:36] + b"none" + PROFILE[40:]):
        original = strip(make(icc_profile=content))
        assert opened(original).info.get("icc_profile") is None
        assert content not in original
    behind = strip(make(icc_profile=PROFILE + SECRET))
    assert SECRET not in behind
    assert (
        opened(behind).info.get("icc_profile", PROFILE) == PROFILE
    )  # a packed one is kept whole or not at all


def test_a_profile_in_several_segments_stays_whole_whatever_their_order() -> None:
    large = struct.pack(">I", 150_000) + PROFILE[4:] + bytes(150_000 - len(PROFILE))
    photo = jpeg(icc_profile=large)
    assert opened(strip(photo)).info["icc_profile"] == large
    begin = photo.index(b"\xff\xe2")
    lengths = [0xFFFF + 2, 0xFFFF + 2]
    first, second = photo[begin : begin + lengths[0]], photo[begin + lengths[0] : begin + sum(lengths)]
    turned = photo[:begin] + second + first + photo[begin + sum(lengths) :]
    assert strip(turned) == strip(photo)


def test_a_second_picture_in_a_webp_is_left_out() -> None:
    photo = webp(quality=90)
    chunk = b"VP8 " + struct.pack("<I", len(SECRET) + 1) + SECRET + b"\0"
    body = photo[8:] + chunk
    assert strip(b"RIFF" + struct.pack("<I", len(body)) + body) == photo


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
def test_an_orientation_is_read_as_a_short_or_a_long_number(order: str, kind: int) -> None:
    value = struct.pack(f"{order}HH", 6, 0) if kind == 3 else struct.pack(f"{order}I", 6)
    entry = struct.pack(f"{order}HHI", ORIENTATION, kind, 1) + value
    tiff = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HIH", 42, 8, 1) + entry + bytes(4)

    assert strip(with_segment(jpeg(), 0xE1, b"Exif\0\0" + tiff)) == strip(jpeg(exif=exif(6)))


def test_a_heic_keeps_its_tiles_its_transparency_and_its_rotation() -> None:
    transparent = picture(mode="RGBA")
    transparent.putalpha(picture(mode="L"))
    transparent.info["exif"] = exif(8).tobytes()
    photo = heic(transparent, xmp=SECRET)
    assert (shown(strip(photo)) == shown(photo)).all()
    assert opened(strip(photo)).mode == "RGBA"
    tiled = personal_heic(6)
    assert opened(strip(tiled)).info["tiling"] == opened(tiled).info["tiling"]
    assert not opened(strip(tiled)).info["thumbnails"]


def test_a_heic_whose_items_repeat_the_same_bytes_is_not_blown_up() -> None:
    photo = heic(picture(256, 256), tile_size=32)
    with pytest.raises(PhotoUnreadable):
        strip(_overlapping(photo))


def test_a_heif_of_another_codec_is_not_supported() -> None:
    with pytest.raises(PhotoUnsupported):
        strip(heic().replace(b"hvc1", b"av01"))


def test_a_heic_with_two_pictures_is_one_too_many() -> None:
    with pytest.raises(PhotoAnimated):
        strip(heic(save_all=True, append_images=[picture().rotate(90)]))


def test_the_kind_of_photo_stays() -> None:
    for media_type, make in PERSONAL.items():
        assert media_type_of(strip(make(1))) == media_type
    assert media_type_of(strip(saved(picture(), "MPO"))) == "image/jpeg"


changes = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 3), st.binary(min_size=1, max_size=8)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=250)
@given(seed=st.sampled_from(SEEDS), near_the_begin=st.booleans(), changes=changes)
def test_whatever_comes_is_rejected_by_name_or_stripped_well(
    seed: bytes, near_the_begin: bool, changes: list[tuple[float, int, bytes]]
) -> None:
    photo = bytearray(seed)
    for where, how, content in changes:
        place = int(where * (min(len(photo), 800) if near_the_begin else len(photo)))
        if how == 0:
            photo[place : place + len(content)] = content
        elif how == 1:
            photo[place:place] = content
        elif how == 2:
            del photo[place : place + 3 * len(content)]
        else:
            photo[place:place] = photo[place // 2 : place // 2 + 20 * len(content)]
    try:
        original = strip(bytes(photo))
        facts = inspect(bytes(photo))
    except PhotoRejected:
        return
    assert strip(original) == original
    assert inspect(original) == facts


def _overlapping(photo: bytes) -> bytes:
    """The same HEIC, each of its items reaching to the end of the file."""
    location = photo.index(b"iloc")
    entries = location + 4 + 4 + 2 + 2
    count = int.from_bytes(photo[entries - 2 : entries], "big")
    changed = bytearray(photo)
    size = (int.from_bytes(photo[location - 4 : location], "big") - 16) // count
    for entry in range(entries, entries + count * size, size):
        offset = int.from_bytes(photo[entry + size - 8 : entry + size - 4], "big")
        changed[entry + size - 4 : entry + size] = struct.pack(">I", len(photo) - offset)
    return bytes(changed)
