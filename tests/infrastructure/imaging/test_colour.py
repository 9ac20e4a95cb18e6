"""Every photo is shown upright and in sRGB: patches of known colours come out as the definitions say they must."""

from io import BytesIO

import numpy as np
import pillow_heif
import pytest
import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed
from PIL import Image

from infrastructure.imaging.intake import take_in
from infrastructure.imaging.profiles import ADOBE_RGB, DISPLAY_P3, ColourSpace, profile_of
from tests.infrastructure.imaging import files
from tests.infrastructure.imaging.files import jpeg, png, shown, webp
from tests.infrastructure.imaging.patches import (
    P3_TO_SRGB,
    PATCHES,
    PHOTO,
    SIDE,
    encoded,
    expected,
    light,
    patches_of,
    sheet,
)


@pytest.mark.parametrize("space", [DISPLAY_P3, ADOBE_RGB], ids=lambda space: space.name)
@pytest.mark.parametrize("kind", PHOTO)
def test_wide_gamut_colours_become_the_same_colours_in_srgb(kind: str, space: ColourSpace) -> None:
    photo = PHOTO[kind](sheet(PATCHES), icc_profile=profile_of(space))
    assert np.abs(patches_of(photo) - expected(space)).max() < (1 if kind in {"PNG", "WebP"} else 3.5)


@pytest.mark.parametrize("kind", PHOTO)
def test_colours_without_a_profile_are_srgb(kind: str) -> None:
    assert np.abs(patches_of(PHOTO[kind](sheet(PATCHES))) - PATCHES).max() < (3 if kind == "HEIC" else 1.6)


def test_colours_beyond_srgb_are_its_brightest() -> None:
    photo = png(sheet(np.array([[255, 0, 0], [0, 255, 0]], np.uint8)), icc_profile=profile_of(DISPLAY_P3))
    assert (patches_of(photo)[:, [0, 1]] == [[255, 0], [0, 255]]).all()


def test_the_small_versions_are_in_srgb_too() -> None:
    photo = PHOTO["JPEG"](sheet(PATCHES), icc_profile=profile_of(DISPLAY_P3))
    assert np.abs(patches_of(take_in(photo).preview) - expected(DISPLAY_P3)).max() < 12


@pytest.mark.parametrize("kind", PHOTO)
@pytest.mark.parametrize("profile", [b"no profile at all" * 40, b""])
def test_a_damaged_profile_is_ignored(kind: str, profile: bytes) -> None:
    photo = PHOTO[kind](sheet(PATCHES), icc_profile=profile)
    assert np.abs(patches_of(photo) - PATCHES).max() < (3 if kind == "HEIC" else 1.6)


def test_a_profile_for_other_colours_is_ignored() -> None:
    grey = np.array([[0, 90, 255]], np.uint8).T.repeat(1, axis=1)[:, 0]
    image = Image.fromarray(grey[None].repeat(SIDE, axis=0).repeat(SIDE, axis=1))
    photo = jpeg(image, quality=100, icc_profile=profile_of(DISPLAY_P3))
    assert np.abs(patches_of(photo) - grey[:, None]).max() < 2


@pytest.mark.parametrize("profiled", [False, True])
def test_cmyk_is_shown_as_printed(*, profiled: bool) -> None:
    inks = [(0, 0, 0, 0), (0, 0, 0, 255), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 255, 255, 0)]
    image = Image.new("CMYK", (SIDE * len(inks), SIDE))
    for place, ink in enumerate(inks):
        image.paste(ink, (place * SIDE, 0, (place + 1) * SIDE, SIDE))
    options = {"icc_profile": bytes(pyvips.Operation.call("profile_load", "cmyk"))} if profiled else {}
    white, black, cyan, magenta, yellow, red = patches_of(jpeg(image, quality=100, subsampling=0, **options))
    assert white.min() >= 250
    assert black.max() <= 20
    assert cyan[0] < 60
    assert min(cyan[1], cyan[2]) > 150
    assert magenta[1] < 60
    assert min(magenta[0], magenta[2]) > 120
    assert yellow[2] < 60
    assert min(yellow[0], yellow[1]) > 200
    assert max(red[1], red[2]) < 70
    assert red[0] > 200


def test_cmyk_with_a_damaged_profile_is_shown_as_without_one() -> None:
    image = Image.new("CMYK", (SIDE, SIDE), (0, 200, 90, 20))
    assert (shown(jpeg(image, icc_profile=b"no profile" * 40)) == shown(jpeg(image))).all()


def test_grey_palettes_and_single_bits_show_what_they_stand_for() -> None:
    levels = np.array([0, 51, 128, 255], np.uint8)
    image = Image.fromarray(levels[None].repeat(SIDE, axis=0).repeat(SIDE, axis=1))
    for photo in (png(image), png(image.convert("P")), jpeg(image, quality=100), webp(image, lossless=True)):
        assert np.abs(patches_of(photo) - levels[:, None]).max() <= 1
    assert (patches_of(png(image.convert("1", dither=Image.Dither.NONE))) == [[0], [0], [255], [255]]).all()


def test_sixteen_bits_are_rounded_to_eight() -> None:
    values = np.array(
        [[0, 0, 0], [65535, 65535, 65535], [32768, 16384, 49152], [257 * 90, 257 * 20, 257 * 200]], np.uint16
    )
    row = values[None].repeat(SIDE, axis=0).repeat(SIDE, axis=1)
    image = pyvips.Image.new_from_memory(row.tobytes(), row.shape[1], SIDE, 3, "ushort").copy(
        interpretation="rgb16"
    )
    assert np.abs(patches_of(bytes(image.pngsave_buffer(bitdepth=16))) - values / 257).max() <= 1
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile_of(DISPLAY_P3))
    deep = patches_of(bytes(image.pngsave_buffer(bitdepth=16)))
    assert np.abs(deep - encoded(light(values / 65535) @ P3_TO_SRGB.T) * 255).max() <= 1
    grey = Image.fromarray(
        (np.arange(0, 256, 51, dtype=np.uint16) * 257)[None].repeat(SIDE, 0).repeat(SIDE, 1)
    )
    assert (patches_of(png(grey)) == np.arange(0, 256, 51)[:, None]).all()


def test_ten_bits_of_a_heic_are_rounded_to_eight() -> None:
    row = (sheet(PATCHES), np.asarray(sheet(PATCHES)).astype(np.uint16) * 257)[1]
    image = pillow_heif.from_bytes("RGB;16", (row.shape[1], SIDE), row.tobytes())
    written = BytesIO()
    image.save(written, quality=-1, chroma=444)
    assert np.abs(patches_of(written.getvalue()) - PATCHES).max() < 3


@pytest.mark.parametrize("kind", ["PNG", "WebP", "HEIC"])
def test_white_shows_through_what_is_transparent(kind: str) -> None:
    image = sheet(np.array([[200, 40, 40]] * 3, np.uint8)).convert("RGBA")
    image.putalpha(sheet(np.array([[0] * 3, [128] * 3, [255] * 3], np.uint8)).convert("L"))
    mixed = [[255, 255, 255], [227, 147, 147], [200, 40, 40]]
    assert np.abs(patches_of(PHOTO[kind](image)) - mixed).max() < 4


def test_white_shows_through_a_grey_picture_and_a_palette_too() -> None:
    grey = Image.merge("LA", [Image.new("L", (SIDE, SIDE), 0), Image.new("L", (SIDE, SIDE), 0)])
    assert (patches_of(png(grey)) == 255).all()
    assert (patches_of(png(Image.new("P", (SIDE, SIDE), 0), transparency=0)) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("media_type", files.PERSONAL)
def test_every_orientation_is_shown_upright(media_type: str, orientation: int) -> None:
    upright = _turned(files.picture(), orientation)
    photo = files.PERSONAL[media_type](orientation)
    seen = np.asarray(shown(files.PERSONAL[media_type](1))).astype(int)
    seen = np.asarray(_turned(Image.fromarray(seen.astype(np.uint8)), orientation)).astype(int)
    assert shown(photo).shape[:2] == (upright.height, upright.width)
    assert np.abs(shown(photo) - seen).mean() < 3


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    """What a viewer must do with an image of this orientation (Exif 3.0, 4.6.5.1.6)."""
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image
