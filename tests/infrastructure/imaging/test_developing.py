"""The steps of the darkroom one by one, where the whole does not show what they promise."""

import numpy as np
import pytest

from infrastructure.imaging.cleaning import GRID
from infrastructure.imaging.development import develop
from infrastructure.imaging.exposure import BRIGHT, DIM, GLARING, Levels, goal_for
from infrastructure.imaging.noise import measured
from infrastructure.imaging.pyramid import blurred, doubled, halved
from infrastructure.imaging.recipe import recipe_for, tables_of
from infrastructure.imaging.surroundings import Surroundings
from infrastructure.imaging.tone import Tone, exposure_of
from infrastructure.imaging.white_balance import NEUTRAL, balance, gains_for
from tests.infrastructure.imaging import rooms


@pytest.mark.parametrize("spoil", [rooms.noisy, rooms.hazy])
def test_tiles_join_without_a_seam(spoil: rooms.Spoil) -> None:
    pixels = np.ascontiguousarray(rooms.as_pixels(spoil(rooms.good_room()))[:301, :403])
    recipe = recipe_for(pixels)
    whole = develop(pixels, recipe, (20 * GRID, 20 * GRID)).astype(int)
    tiled = develop(pixels, recipe, (GRID, 2 * GRID)).astype(int)
    assert np.abs(whole - tiled).max() <= 1


def test_noise_is_measured_as_it_was_made() -> None:
    deviation = 6 / 255
    wall = 0.5 + np.random.default_rng(1).normal(0, deviation, (3, 256, 256)).astype(np.float32)
    found = measured([wall])
    finest = deviation * np.hypot(np.hypot(0.299, 0.587), 0.114)
    assert found.brightness[0] == pytest.approx(finest * 0.87, rel=0.1)  # the rest is in the coarser details


def test_texture_is_not_taken_for_noise() -> None:
    boards = np.broadcast_to(0.5 + 0.1 * np.sin(np.arange(256) / 3), (3, 256, 256)).astype(np.float32).copy()
    boards[:, :, 128:] = 0.4
    assert max(measured([boards]).brightness) < 0.2 / 255


@pytest.mark.parametrize("mean", [DIM[1], 0.6, GLARING])
def test_well_exposed_pictures_keep_their_brightness(mean: float) -> None:
    assert goal_for(mean, bright=0.6) == pytest.approx(mean)


def test_a_dark_wall_behind_white_linen_stays_dark() -> None:
    assert goal_for(DIM[0], bright=BRIGHT[0]) == pytest.approx(DIM[0])


@pytest.mark.parametrize("bright", [0.2, 0.5, 0.9])
def test_dim_pictures_are_brightened_and_never_darkened(bright: float) -> None:
    means = np.linspace(0.02, DIM[0], 50)
    goals = np.array([goal_for(mean, bright) for mean in means])
    assert goals[0] > 0.4
    assert np.all(goals >= means)


@pytest.mark.parametrize("lift", [0.5, 1.0, 4.0, 12.0])
def test_tones_rise_from_black_to_white(lift: float) -> None:
    curve = Tone(lift, 1.3, 0.45).curve(np.linspace(0, 1, 500))
    assert (curve[0], curve[-1]) == (0, pytest.approx(1))
    assert np.all(np.diff(curve) > 0)


def test_nothing_is_pushed_beyond_white() -> None:
    planes = np.random.default_rng(2).random((3, 40, 40), np.float32)
    brightness = planes.mean(axis=0)
    base = np.full_like(brightness, 0.05)  # as if all around were dark
    exposure = exposure_of(planes, brightness, base, Tone(12.0, 1.0, 0.5))
    assert (planes * exposure).max() <= 1.002


def test_the_surroundings_of_an_edge_are_those_of_its_own_side() -> None:
    step = np.full((120, 120), 0.2, np.float32)
    step[:, 60:] = 0.9
    base = Surroundings.of(step).base(step)
    assert np.abs(base - step).max() < 0.03


def test_a_part_of_the_surroundings_is_the_same_as_in_the_whole() -> None:
    brightness = np.random.default_rng(3).random((90, 120), np.float32)
    surroundings = Surroundings.of(brightness[::3, ::3])
    whole = surroundings.base_at(brightness, 0, 0, (90, 120))
    part = surroundings.base_at(brightness[30:50, 40:75], 30, 40, (90, 120))
    assert part == pytest.approx(whole[30:50, 40:75], abs=1e-6)


def test_white_stays_white_under_any_gain() -> None:
    for gain in (1.0, 1.2, 3.0):
        values = balance(np.linspace(0, 1, 256), gain)
        assert (values[0], values[-1]) == (0, pytest.approx(1))
        assert np.all(np.diff(values) > 0)


def test_a_picture_with_nothing_to_judge_the_light_by_is_left_as_it_is() -> None:
    assert gains_for(np.ones((20, 20, 3))) == NEUTRAL


def test_a_little_warmth_is_welcome() -> None:
    warm = rooms.good_room() * np.array([1.0, 0.985, 0.95])
    red, green, blue = gains_for(warm[::2, ::2])
    assert max(red, green, blue) < 1.05


def test_tables_go_from_black_to_white() -> None:
    tables = tables_of((1.0, 1.3, 2.0), Levels(0.1, 0.9))
    assert tables.shape == (3, 256)
    assert (tables[:, 0] == 0).all()
    assert tables[:, -1] == pytest.approx(1)


def test_half_and_twice_the_size_keep_a_slope() -> None:
    slope = np.broadcast_to(np.arange(64, dtype=np.float32), (32, 64))
    assert doubled(halved(slope))[:, 1:-1] == pytest.approx(slope[:, 1:-1])
    assert blurred(slope)[:, 1:-1] == pytest.approx(slope[:, 1:-1])
