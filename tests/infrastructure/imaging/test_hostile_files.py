"""Files made to do harm: refused by name before they cost anything, or taken with the harm left out."""

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from application.photos import PhotoFacts, PhotoHasTooManyPixels, PhotoRejected, PhotoTooLong, PhotoUnreadable
from infrastructure.imaging.containers.jpeg import MOST_SCANS
from infrastructure.imaging.inspection import inspect
from infrastructure.imaging.intake import take_in
from infrastructure.imaging.metadata import strip
from tests.infrastructure.imaging.files import (
    chunk,
    exif,
    heic,
    jpeg,
    picture,
    png,
    raw_png,
    webp,
    with_chunk,
    with_segment,
)

DOT = zlib.compress(b"\0\x80\x80\x80")
BOMB = zlib.compress(bytes(100_000_000), 9)


@contextmanager
def taking_less_than(megabytes: int) -> Iterator[None]:
    """What is done inside takes less memory, at any moment, than there was before and this."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak()
    yield
    assert peak() - before < megabytes * 1_000_000


def peak() -> int:
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found
    return int(found[1]) * 1024


def scan_of(photo: bytes) -> bytes:
    """The last scan of a progressive JPEG."""
    return photo[photo.rindex(b"\xff\xda") : -2]


@pytest.mark.parametrize(
    ("width", "height"), [(60_000, 60_000), (2**31 - 1, 1), (30_000, 30_000), (1, 2**31 - 1)]
)
def test_a_tiny_png_that_claims_to_be_huge(width: int, height: int) -> None:
    photo = raw_png(width, height, DOT)
    for look in (inspect, take_in):
        with pytest.raises((PhotoHasTooManyPixels, PhotoUnreadable)):
            look(photo)


def test_a_huge_png_that_packs_well() -> None:
    packing = zlib.compressobj(9)
    first = packing.compress(bytes(30_001 * 100)) + packing.flush(zlib.Z_FULL_FLUSH)
    more = packing.compress(bytes(30_001 * 100)) + packing.flush(zlib.Z_FULL_FLUSH)
    photo = raw_png(30_000, 30_000, first + 299 * more + packing.flush(), colour=0)
    with taking_less_than(20), pytest.raises(PhotoHasTooManyPixels) as told:
        inspect(photo)
    assert told.value.megapixels == 900


@pytest.mark.parametrize(("width", "height"), [(65_501, 1), (1, 65_501), (30_000_000, 2)])
def test_a_png_too_long_for_any_jpeg_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    photo = raw_png(width, height, zlib.compress(bytes((1 + width) * height)), colour=0)
    with taking_less_than(20), pytest.raises(PhotoTooLong):
        take_in(photo)


def test_the_longest_png_is_taken() -> None:
    photo = raw_png(65_500, 1, zlib.compress(bytes(1 + 65_500)), colour=0)
    assert take_in(photo).facts.width == 65_500


def test_a_jpeg_that_claims_to_be_huge() -> None:
    photo = bytearray(jpeg())
    frame = photo.index(b"\xff\xc0")
    photo[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    with pytest.raises(PhotoHasTooManyPixels):
        inspect(bytes(photo))


def test_a_webp_that_claims_to_be_huge() -> None:
    photo = bytearray(webp(lossless=True))
    dimensions = photo.index(b"VP8L") + 9
    photo[dimensions : dimensions + 4] = struct.pack("<I", 16_382 | 16_382 << 14)
    with pytest.raises(PhotoHasTooManyPixels):
        inspect(bytes(photo))


def test_a_heic_that_claims_to_be_huge() -> None:
    photo = bytearray(heic())
    extents = photo.index(b"ispe") + 8
    photo[extents : extents + 8] = struct.pack(">II", 60_000, 60_000)
    with pytest.raises(PhotoHasTooManyPixels):
        inspect(bytes(photo))


def test_a_heic_whose_coded_picture_is_larger_than_it_says() -> None:
    photo = bytearray(heic(Image.new("RGB", (800, 600)), quality=10))
    extents = photo.index(b"ispe") + 8
    photo[extents : extents + 8] = struct.pack(">II", 64, 48)
    with pytest.raises(PhotoUnreadable):
        inspect(bytes(photo))


def test_thousands_of_scans_are_refused_at_once() -> None:
    photo = jpeg(Image.new("RGB", (500, 400)), progressive=True, quality=10)
    many = photo[:-2] + scan_of(photo) * 3000 + photo[-2:]
    for look in (strip, inspect, take_in):
        with pytest.raises(PhotoUnreadable):
            look(many)


@pytest.mark.parametrize(
    "marker",
    [b"\xff\xe1\0\2", b"\xff\xfe\0\2", b"\xff\xc4\0\2", b"\xff\xd0"],
    ids=["Exif", "comment", "table", "restart"],
)
def test_millions_of_empty_segments_are_refused_at_once(marker: bytes) -> None:
    photo = jpeg()
    flood = photo[:2] + marker * 3_000_000 + photo[2:]
    with taking_less_than(20), pytest.raises(PhotoUnreadable):
        strip(flood)


def test_a_depth_map_in_hundreds_of_segments_is_left_out() -> None:
    photo = jpeg()
    segment = (
        b"\xff\xe1" + struct.pack(">H", 0xFFFF) + b"http://ns.adobe.com/xmp/extension/\0".ljust(0xFFFD, b"x")
    )
    assert strip(photo[:2] + segment * 225 + photo[2:]) == strip(photo)


def test_as_many_scans_as_encoders_make_are_not() -> None:
    photo = jpeg(progressive=True)
    assert photo.count(b"\xff\xda") < MOST_SCANS / 5
    assert inspect(photo).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "content"),
    [(b"zTXt", b"a\0\0" + BOMB), (b"iTXt", b"a\0\1\0\0\0" + BOMB), (b"iCCP", b"a\0\0" + BOMB)],
    ids=["text", "international text", "profile"],
)
def test_bombs_in_a_pngs_chunks_are_never_unpacked(name: bytes, content: bytes) -> None:
    photo = with_chunk(png(), name, content)
    with taking_less_than(40):
        assert inspect(photo) == inspect(png())
    assert strip(photo) == strip(png())


def test_more_pixels_than_a_png_has_are_never_unpacked() -> None:
    with taking_less_than(20):
        assert inspect(raw_png(1, 1, BOMB, colour=0)) == PhotoFacts("image/png", 1, 1)


def test_profiles_that_lie_about_their_size_or_hold_nonsense() -> None:
    lies = struct.pack(">I", 2**32 - 1) + bytes(200)
    for profile in (lies, bytes(60_000), b"\xff" * 60_000, struct.pack(">I", 4)):
        for photo in (jpeg(icc_profile=profile), webp(icc_profile=profile), heic(icc_profile=profile)):
            assert inspect(photo).width == take_in(photo).facts.width


def test_exif_that_points_everywhere() -> None:
    for pointer in (0, 4, 8, 2**31, 2**32 - 1):
        tiff = b"Exif\0\0MM\0*" + struct.pack(">I", pointer) + b"\xff\xff" * 30_000
        photo = with_segment(jpeg(), 0xE1, tiff)
        assert strip(photo) == strip(jpeg())


def test_exif_whose_directories_contain_themselves() -> None:
    entry = struct.pack(">HHII", 0x8769, 4, 1, 8)
    tiff = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    assert strip(with_segment(jpeg(), 0xE1, tiff)) == strip(jpeg())


def test_a_png_of_a_million_chunks() -> None:
    photo = png()
    assert strip(photo[:33] + chunk(b"tEXt", b"a\0b") * 300_000 + photo[33:]) == strip(photo)


@pytest.mark.parametrize("name", [b"meta", b"ftyp", b"iprp", b"ipco", b"iinf", b"iref", b"iloc", b"pitm"])
def test_a_heic_with_a_broken_box(name: bytes) -> None:
    photo = heic(picture(128, 128), tile_size=32, exif=exif())
    place = photo.index(name)
    for size in (0, 1, 7, 8, 9, 2**31, 2**32 - 1):
        broken = photo[: place - 4] + struct.pack(">I", size) + photo[place:]
        try:
            assert strip(strip(broken)) == strip(broken)
        except PhotoRejected:
            continue


def test_a_heic_whose_tiles_contain_themselves() -> None:
    photo = heic(picture(128, 128), tile_size=64)
    reference = photo.index(b"dimg")
    origin = photo[reference + 4 : reference + 6]
    count = int.from_bytes(photo[reference + 6 : reference + 8], "big")
    looped = photo[: reference + 8] + origin * count + photo[reference + 8 + 2 * count :]
    with pytest.raises(PhotoUnreadable):
        inspect(looped)


def test_a_heic_with_more_extents_than_sense() -> None:
    photo = heic()
    place = photo.index(b"iloc")
    # Offsets and lengths of no bytes, so that each extent costs the sender nothing.
    content = struct.pack(">IHH", 0, 0, 5000) + b"".join(
        struct.pack(">HHH", 1, 0, 65_535) for _ in range(5000)
    )
    box = struct.pack(">I4s", 8 + len(content), b"iloc") + content
    size = int.from_bytes(photo[place - 4 : place], "big")
    changed = photo[: place - 4] + box + photo[place - 4 + size :]
    meta = photo.index(b"meta") - 4
    grown = int.from_bytes(photo[meta : meta + 4], "big") + len(box) - size
    with pytest.raises(PhotoUnreadable):
        strip(changed[:meta] + struct.pack(">I", grown) + changed[meta + 4 :])
