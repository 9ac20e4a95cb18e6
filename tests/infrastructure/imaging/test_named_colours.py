"""Photos that name the space of their colours instead of embedding its profile are shown in it all the same."""

import struct
import zlib
from dataclasses import replace
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from infrastructure.imaging.profiles import ADOBE_RGB, DISPLAY_P3, ColourSpace, profile_of
from tests.infrastructure.imaging.files import picture, png, raw_png, shown, with_chunk
from tests.infrastructure.imaging.patches import (
    PATCHES,
    SIDE,
    Colours,
    encoded,
    expected,
    light,
    patches_of,
    sheet,
)


def test_a_heic_that_names_display_p3_without_embedding_it_is_shown_as_such() -> None:
    image = pillow_heif.from_pillow(sheet(PATCHES))
    image.info["nclx_profile"] = {
        "color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 6, "full_range_flag": 1,
    }  # fmt: skip
    written = BytesIO()
    image.save(written, quality=-1, chroma=444)
    assert np.abs(patches_of(written.getvalue()) - expected(DISPLAY_P3)).max() < 4


def with_gamma(photo: bytes, gamma: float) -> bytes:
    return with_chunk(photo, b"gAMA", struct.pack(">I", round(gamma * 100_000)))


@pytest.mark.parametrize("depth", [8, 16])
def test_a_png_of_light_as_it_is_looks_as_if_it_were_coded(depth: int) -> None:
    grey = np.linspace(0.1, 1, 64)
    linear = np.rint(light(grey) * (2**depth - 1)).astype(f">u{depth // 8}")
    pixels = zlib.compress(b"\0" + np.repeat(linear, 3).tobytes())
    rendered = shown(with_gamma(raw_png(64, 1, pixels, depth=depth), 1.0))

    assert np.abs(rendered[0, :, 0] - grey * 255).max() < 6 / (depth // 8)


@pytest.mark.parametrize("gamma", [0, 1 / 2.2, 1 / 2.15, 42_000])
def test_a_gamma_of_srgb_or_of_nonsense_changes_nothing(gamma: float) -> None:
    assert np.array_equal(shown(with_gamma(png(), gamma)), shown(png()))


def with_primaries(photo: bytes, space: ColourSpace, gamma: float) -> bytes:
    ends = (space.white, space.red, space.green, space.blue)
    numbers = [round(number * 100_000) for end in ends for number in end]
    return with_gamma(with_chunk(photo, b"cHRM", struct.pack(">8I", *numbers)), gamma)


@pytest.mark.parametrize("space", [DISPLAY_P3, ADOBE_RGB], ids=lambda space: space.name)
def test_a_png_that_tells_its_primaries_is_shown_in_them(space: ColourSpace) -> None:
    told = with_primaries(png(sheet(PATCHES)), space, 1 / 2.2)
    embedded = png(sheet(PATCHES), icc_profile=profile_of(replace(space, gamma=2.2)))

    assert np.abs(patches_of(told) - patches_of(embedded)).max() <= 1
    assert np.abs(patches_of(told) - patches_of(png(sheet(PATCHES)))).max() > 10


@pytest.mark.parametrize(
    "space",
    [
        ColourSpace("a point", (0.3, 0.3), (0.3, 0.3), (0.3, 0.3)),
        ColourSpace("a line", (0.64, 0.33), (0.3, 0.6), (0.47, 0.465)),
        ColourSpace("zeros", (0, 0), (0, 0), (0, 0), (0, 0)),
        ColourSpace("white outside", (0.64, 0.33), (0.3, 0.6), (0.15, 0.06), (0.9, 0.05)),
        ColourSpace("huge", (40_000.0, 40_000.0), (0.3, 40_000.0), (0, 0)),
        ColourSpace("nearly sRGB", (0.641, 0.33), (0.3, 0.601), (0.15, 0.06)),
    ],
    ids=lambda space: space.name,
)
def test_primaries_of_nonsense_or_of_srgb_change_nothing(space: ColourSpace) -> None:
    assert np.array_equal(shown(with_primaries(png(), space, 1 / 2.2)), shown(png()))


def test_a_png_that_names_display_p3_by_its_number_is_shown_as_such() -> None:
    named = with_chunk(png(sheet(PATCHES)), b"cICP", bytes([12, 13, 0, 1]))

    assert np.abs(patches_of(named) - expected(DISPLAY_P3)).max() < 1
    assert np.array_equal(shown(with_primaries(named, ADOBE_RGB, 1.0)), shown(named))


@pytest.mark.parametrize(
    "image",
    [
        picture(mode="L"),
        picture(mode="LA"),
        Image.fromarray(np.asarray(picture(mode="L")).astype(np.uint16) * 257),
    ],
    ids=["8 bits", "transparent", "16 bits"],
)
def test_a_grey_png_that_names_its_colours_stays_grey(image: Image.Image) -> None:
    photo = with_chunk(png(image), b"cICP", bytes([12, 8, 0, 1]))

    grey = shown(photo).astype(int)
    assert np.abs(grey - grey[:, :, :1]).max() <= 1
    assert grey.mean() > shown(png(image)).mean() + 20  # light as it is, made brighter


def pq(candelas: Colours) -> Colours:
    """What stands for so many per square metre, 0 to 1 (SMPTE ST 2084, 5.2)."""
    powered = (candelas / 10_000) ** (2610 / 16384)
    return ((0.8359375 + 18.8515625 * powered) / (1 + 18.6875 * powered)) ** (2523 / 32)


@pytest.mark.parametrize("kind", ["PNG", "HEIC"])
def test_high_dynamic_range_is_shown_on_a_page(kind: str) -> None:
    candelas = np.array([0.0, 5.0, 20.0, 60.0, 120.0, 203.0, 1_000.0, 10_000.0])
    row = np.rint(pq(candelas) * 65535).astype(np.uint16)
    pixels = row[None, :, None].repeat(SIDE, axis=0).repeat(SIDE, axis=1).repeat(3, axis=2)
    if kind == "PNG":
        packed = zlib.compress(b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels))
        photo = raw_png(pixels.shape[1], SIDE, packed, depth=16)
        photo = with_chunk(photo, b"cICP", bytes([9, 16, 0, 1]))
    else:
        image = pillow_heif.from_bytes("RGB;16", (pixels.shape[1], SIDE), pixels.tobytes())
        image.info["nclx_profile"] = {
            "color_primaries": 9, "transfer_characteristics": 16, "matrix_coefficients": 9, "full_range_flag": 1,
        }  # fmt: skip
        written = BytesIO()
        image.save(written, quality=-1, chroma=444)
        photo = written.getvalue()

    grey = patches_of(photo).mean(axis=1)
    shadows = candelas < 130
    assert np.abs(grey - encoded(candelas / 203) * 255)[shadows].max() < 4  # as bright as on a page
    assert (np.diff(grey) >= 0).all()
    assert 235 < grey[5] < 250 < grey[6] <= grey[7] == 255


def test_who_names_its_colours_needs_no_gamma() -> None:
    named = png(icc_profile=profile_of(DISPLAY_P3))
    assert np.array_equal(shown(with_gamma(named, 1.0)), shown(named))
