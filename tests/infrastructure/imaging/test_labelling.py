"""The label that altered pictures carry: where it is, and that it can be read on anything."""

import io

import numpy as np
import pytest
from PIL import Image

from domain.brief import Label, Preset
from infrastructure.imaging.labelling import labelled
from infrastructure.imaging.local_darkroom import LocalDarkroom
from tests.infrastructure.imaging import files

SIZE = (1200, 800)


def plain(level: int, size: tuple[int, int] = SIZE) -> bytes:
    return photo(Image.new("RGB", size, (level, level, level)))


def noise() -> bytes:
    chance = np.random.default_rng(7)
    return photo(Image.fromarray(chance.integers(0, 256, (*SIZE[::-1], 3)).astype(np.uint8)))


def photo(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, **options)
    return file.getvalue()


def corner(picture: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """Lightness where the label is, 0 to 1 (relative luminance, WCAG 2.2)."""
    shown = files.shown(picture).astype(float) / 255
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    light: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = linear @ (0.2126, 0.7152, 0.0722)
    height = light.shape[0]
    return light[int(height * 0.925) : int(height * 0.97), int(height * 0.06) : int(height * 0.28)]


@pytest.mark.parametrize("label", Label)
@pytest.mark.parametrize("background", ["white", "grey", "black", "noise"])
def test_its_letters_stand_out_from_their_plate_on_any_background(label: Label, background: str) -> None:
    levels = {"white": 255, "grey": 128, "black": 0}
    picture = noise() if background == "noise" else plain(levels[background])

    light = corner(labelled(picture, label))

    letters, plate = np.quantile(light, 0.97), np.quantile(light, 0.4)
    assert (letters + 0.05) / (plate + 0.05) >= 7, "WCAG 2.2 AAA"
    assert 0.1 < (light > 0.5).mean() < 0.5, "neither empty nor full"


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (3000, 12), (1, 3000)])
def test_a_picture_too_small_for_words_is_labelled_as_far_as_they_fit(size: tuple[int, int]) -> None:
    assert files.shown(labelled(plain(200, size), Label.VIRTUALLY_STAGED)).shape == (*size[::-1], 3)


def test_nothing_but_the_corner_changes() -> None:
    before, after = (
        files.shown(plain(200)).astype(int),
        files.shown(labelled(plain(200), Label.VIRTUALLY_STAGED)),
    )

    changed = np.argwhere(np.abs(after - before).max(axis=2) > 3)
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0)
    assert (left, SIZE[1] - bottom) == pytest.approx((20, 20), abs=4)
    assert (right - left, bottom - top) < (300, 90)
    assert after.shape == before.shape


def test_it_is_upright_where_the_photo_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = photo(Image.new("RGB", (800, 1200), (200, 200, 200)), exif=exif)

    turned = labelled(lying, Label.VIRTUALLY_STAGED)

    assert Image.open(io.BytesIO(turned)).size == SIZE
    upright = files.shown(labelled(plain(200), Label.VIRTUALLY_STAGED))
    np.testing.assert_allclose(files.shown(turned).astype(int), upright, rtol=0, atol=4)


@pytest.mark.parametrize("size", [(40, 30), (15, 900), (900, 12), (1, 1)])
def test_pictures_too_small_for_it_are_labelled_as_far_as_they_go(size: tuple[int, int]) -> None:
    assert Image.open(io.BytesIO(labelled(plain(90, size), Label.VIRTUALLY_STAGED))).size == size


def test_a_small_version_has_letters_of_a_readable_size() -> None:
    small = labelled(plain(255), Label.VIRTUALLY_STAGED, 400)

    rows = np.argwhere((files.shown(small) < 128).all(axis=2))
    assert rows[:, 0].max() - rows[:, 0].min() >= 24
    assert Image.open(io.BytesIO(small)).size == (400, 267)


@pytest.mark.parametrize("size", [(2400, 600), (600, 2400)])
def test_it_is_as_large_in_a_panorama_as_in_any_other_picture_that_is_shown_as_wide(
    size: tuple[int, int],
) -> None:
    rows = np.argwhere((files.shown(labelled(plain(255, size), Label.VIRTUALLY_STAGED)) < 128).all(axis=2))
    assert rows[:, 0].max() - rows[:, 0].min() >= 0.035 * max(size)
    assert rows[:, 1].max() < size[0] - 10


def test_it_says_in_its_metadata_that_a_model_altered_it() -> None:
    assert b"compositeWithTrainedAlgorithmicMedia" in labelled(plain(90), Label.DIGITALLY_ALTERED)


def test_every_preset_but_enhance_has_a_label() -> None:
    assert {preset for preset in Preset if preset.label is None} == {Preset.ENHANCE}
    assert Preset.STAGE.label == "Virtually staged"


def test_the_sandbox_sets_it_without_opening_a_font() -> None:
    darkroom = LocalDarkroom()
    try:
        assert darkroom.label(plain(90), Label.VIRTUALLY_STAGED, 600) == labelled(
            plain(90), Label.VIRTUALLY_STAGED, 600
        )
    finally:
        darkroom.close()
