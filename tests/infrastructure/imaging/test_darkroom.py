"""What the darkroom makes of photographs that are good, and of the same ones spoilt in known ways."""

import os
import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest

from infrastructure.imaging.darkroom import enhance
from tests.infrastructure.imaging import rooms
from tests.infrastructure.imaging.rooms import Picture, brightness, cast, coded, decoded, likeness

GOOD = rooms.good_room()


def enhanced(room: Picture) -> Picture:
    return decoded(enhance(coded(room)))


def test_a_good_photo_stays_as_it_is() -> None:
    after = enhanced(GOOD)
    assert likeness(after, GOOD) > 0.97
    assert brightness(after).mean() == pytest.approx(brightness(GOOD).mean(), abs=0.05)
    assert cast(after) < cast(GOOD) + 1


def test_a_photo_enhanced_again_hardly_changes() -> None:
    once = enhance(coded(rooms.dark(GOOD)))
    assert likeness(decoded(enhance(once)), decoded(once)) > 0.97


@pytest.mark.parametrize("spoil", [rooms.dark, rooms.noisy])
def test_a_dark_photo_becomes_as_bright_as_a_good_one(spoil: rooms.Spoil) -> None:
    before = spoil(GOOD)
    after = enhanced(before)
    wanted = brightness(GOOD).mean()
    assert abs(brightness(after).mean() - wanted) < 0.25 * abs(brightness(before).mean() - wanted)
    assert likeness(after, GOOD) > likeness(before, GOOD) + 0.1


def test_a_dim_room_brightens_while_its_window_keeps_its_light() -> None:
    before = rooms.dim_but_for_the_window(GOOD)
    after = enhanced(before)
    assert after[rooms.WALL].mean() > 1.9 * before[rooms.WALL].mean()
    assert after[rooms.WINDOW].mean() == pytest.approx(before[rooms.WINDOW].mean(), abs=0.02)


def test_no_halo_surrounds_a_bright_window() -> None:
    after = brightness(enhanced(rooms.dim_but_for_the_window(GOOD)))
    beside, farther = after[120:160, 386:394].mean(), after[200:230, 386:394].mean()
    expected = brightness(rooms.dim_but_for_the_window(GOOD))
    slope = expected[120:160, 386:394].mean() / expected[200:230, 386:394].mean()
    assert beside / farther == pytest.approx(slope, rel=0.04)


@pytest.mark.parametrize("spoil", [rooms.tungsten, rooms.shade, rooms.fluorescent])
def test_a_cast_is_at_least_halved(spoil: rooms.Spoil) -> None:
    before = spoil(GOOD)
    assert cast(enhanced(before)) < 0.5 * cast(before)


@pytest.mark.parametrize("spoil", [rooms.flat, rooms.hazy])
def test_a_flat_photo_gains_contrast_and_likeness(spoil: rooms.Spoil) -> None:
    before = spoil(GOOD)
    after = enhanced(before)
    assert brightness(after).std() > 1.4 * brightness(before).std()
    assert likeness(after, GOOD) > likeness(before, GOOD)


def test_noise_becomes_less_although_the_photo_becomes_brighter() -> None:
    before = rooms.noisy(GOOD)
    brightened = decoded(coded(before * brightness(GOOD).mean() / brightness(before).mean()))
    assert rooms.grain(enhanced(before)) < 0.4 * rooms.grain(brightened)


def test_a_coloured_wall_keeps_its_colour() -> None:
    after = enhanced(GOOD)[rooms.ACCENT].mean(axis=(0, 1))
    before = GOOD[rooms.ACCENT].mean(axis=(0, 1))
    assert after / after.sum() == pytest.approx(before / before.sum(), abs=0.01)


def test_clipped_white_stays_white_whatever_the_light() -> None:
    room = rooms.tungsten(GOOD)
    room[rooms.WINDOW] = 1.0
    inside = enhanced(room)[rooms.WINDOW][10:-10, 10:-10]
    assert inside.min() > 0.98


def test_the_same_photo_always_gives_the_same_bytes() -> None:
    photo = coded(rooms.noisy(GOOD))
    here = sha256(enhance(photo)).hexdigest()
    program = (
        "import sys, hashlib\n"
        "from infrastructure.imaging.darkroom import enhance\n"
        "print(hashlib.sha256(enhance(sys.stdin.buffer.read())).hexdigest())\n"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        input=photo,
        capture_output=True,
        check=True,
        env={**os.environ, "VIPS_CONCURRENCY": "1", "PYTHONPATH": str(rooms.SAMPLES.parent)},
    )
    assert sha256(enhance(photo)).hexdigest() == here == elsewhere.stdout.decode().strip()


@pytest.mark.parametrize("name", ["living-room", "bedroom", "kitchen"])
def test_the_samples_come_out_better(name: str) -> None:
    photo = (rooms.SAMPLES / f"{name}.jpg").read_bytes()
    before, after = decoded(photo), decoded(enhance(photo))
    difference = {
        "living-room": brightness(after).mean() - 1.6 * brightness(before).mean(),
        "bedroom": np.ptp(before.mean(axis=(0, 1))) - 2 * np.ptp(after.mean(axis=(0, 1))),
        "kitchen": brightness(after).std() - 1.4 * brightness(before).std(),
    }
    assert difference[name] > 0
    assert likeness(after[::2, ::2], before[::2, ::2]) > 0.5  # it is still the same room
