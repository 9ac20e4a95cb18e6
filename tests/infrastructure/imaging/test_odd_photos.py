"""Photos odd in size, depth or colours, and what is no photo at all: an upright sRGB JPEG or a named error."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from application.photos import (
    PhotoEmpty,
    PhotoHasTooManyPixels,
    PhotoRejected,
    PhotoUnreadable,
    PhotoUnsupported,
)
from infrastructure.imaging.darkroom import enhance
from tests.infrastructure.imaging.rooms import as_pixels, coded, good_room

ROOM = Image.fromarray(as_pixels(good_room()))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(photo: bytes) -> Image.Image:
    image = Image.open(BytesIO(photo))
    image.load()
    return image


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "CMYK"])
def test_whatever_the_colours_are_stored_as_the_result_is_rgb(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    result = opened(enhance(saved(ROOM.convert(mode), kind)))
    assert (result.format, result.mode, result.size) == ("JPEG", "RGB", ROOM.size)


def test_a_grey_photo_stays_grey() -> None:
    result = np.asarray(opened(enhance(saved(ROOM.convert("L"), "JPEG")))).astype(int)
    assert np.ptp(result, axis=2).max() <= 2


def test_what_is_transparent_becomes_white() -> None:
    see_through = ROOM.convert("RGBA")
    see_through.paste((0, 0, 0, 0), (0, 0, 200, 200))
    result = np.asarray(opened(enhance(saved(see_through, "PNG"))))
    assert result[:190, :190].min() > 240


def test_sixteen_bits_give_the_same_picture_as_eight() -> None:
    grey = np.asarray(ROOM.convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    eight = np.asarray(opened(enhance(saved(Image.fromarray(grey), "PNG")))).astype(int)
    sixteen = np.asarray(opened(enhance(saved(deep, "PNG")))).astype(int)
    assert np.abs(eight - sixteen).max() <= 3


def test_webp_is_taken() -> None:
    assert opened(enhance(saved(ROOM, "WEBP"))).size == ROOM.size


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (33, 65), (129, 1)])
def test_small_and_odd_sizes_are_kept(size: tuple[int, int]) -> None:
    assert opened(enhance(saved(ROOM.resize(size), "PNG"))).size == size


@pytest.mark.parametrize("colour", ["black", "white", "red", "gray"])
def test_a_photo_of_one_colour_is_no_trouble(colour: str) -> None:
    assert opened(enhance(saved(Image.new("RGB", (200, 130), colour), "PNG"))).size == (200, 130)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_result_is_upright_and_carries_no_metadata(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "A maker of cameras"
    turned = saved(ROOM, "JPEG", exif=exif, comment=b"At home")
    result = opened(enhance(turned))
    assert result.size == (ROOM.size if orientation < 5 else ROOM.size[::-1])
    assert not result.getexif()
    assert b"maker" not in enhance(turned)
    assert "comment" not in result.info


def test_an_embedded_profile_is_obeyed_and_left_out() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    result = opened(enhance(saved(ROOM, "JPEG", icc_profile=srgb.tobytes())))
    plain = opened(enhance(saved(ROOM, "JPEG")))
    assert "icc_profile" not in result.info
    assert np.abs(np.asarray(result).astype(int) - np.asarray(plain).astype(int)).mean() < 1.5


def test_a_damaged_profile_is_no_reason_to_refuse() -> None:
    assert opened(enhance(saved(ROOM, "JPEG", icc_profile=b"not a profile at all" * 20))).size == ROOM.size


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("photo", "error"),
    [
        (b"", PhotoEmpty),
        (b"This is text and not a photo.", PhotoUnsupported),
        (b"GIF89a" + bytes(100), PhotoUnsupported),
        (coded(good_room())[:4000], PhotoUnreadable),
        (coded(good_room())[:30], PhotoUnreadable),
        (saved(ROOM, "PNG")[:-5000], PhotoUnreadable),
        (saved(ROOM, "WEBP")[:-2000], PhotoUnreadable),
        (claiming(60_000, 60_000), PhotoHasTooManyPixels),
        (claiming(100, 100), PhotoUnreadable),
    ],
)
def test_what_is_no_whole_photo_is_refused_by_name(photo: bytes, error: type[PhotoRejected]) -> None:
    with pytest.raises(error):
        enhance(photo)
