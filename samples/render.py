"""Renders the sample photos, empty rooms each with a fault to be put right, and the README's picture of one.

`python -m samples.render` takes some minutes a room; `python -m samples.render --readme` only makes the
picture of a sample before and after the darkroom.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from infrastructure.imaging.darkroom import enhance
from infrastructure.imaging.decoding import image_of
from infrastructure.imaging.pictures import fitted
from samples.building import Room
from samples.lighting import Lighting
from samples.photographing import photograph
from samples.recording import Recording, recorded
from samples.rooms import bedroom, kitchen, living_room

SAMPLES = Path(__file__).parent
README_PICTURE = SAMPLES.parent / "docs" / "images" / "before-after.jpg"
WIDTH, HEIGHT = 1600, 1067
QUALITY, README_QUALITY = 90, 86
SEED = 7

ROOMS: dict[str, tuple[Callable[[], Room], Recording]] = {
    "living-room": (living_room, Recording(exposure=0.1, grain=0.012)),  # exposed for the windows
    "bedroom": (bedroom, Recording(exposure=5.2, grain=0.006)),  # lit by a bulb, balanced for daylight
    "kitchen": (kitchen, Recording(exposure=5.0, grain=0.004, veil=0.5)),  # through a fogged lens
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", action="store_true", help="only make the README's picture")
    parser.add_argument("rooms", nargs="*", help=f"of {', '.join(ROOMS)}; all if none is named")
    arguments = parser.parse_args()
    if not arguments.readme:
        for name in arguments.rooms or ROOMS:
            render(name)
    before_and_after("living-room")


def render(name: str) -> None:
    """One sample, as `samples/<name>.jpg`; the same each time."""
    build, recording = ROOMS[name]
    rng = np.random.default_rng(SEED)
    room = build()
    lighting = Lighting(room, rng, rays=256, samples=49)
    light = photograph(room, lighting, WIDTH, HEIGHT, rng, side=4)
    image_of(recorded(light, recording, rng)).jpegsave(str(SAMPLES / f"{name}.jpg"), Q=QUALITY, keep="none")


def before_and_after(name: str) -> None:
    """The README's picture: a sample as it is on the left, as the darkroom returns it on the right."""
    before = (SAMPLES / f"{name}.jpg").read_bytes()
    left, right = (fitted(photo, 800, 600) for photo in (before, enhance(before)))
    picture = left.join(right, "horizontal", shim=8, background=[255, 255, 255])
    picture.jpegsave(str(README_PICTURE), Q=README_QUALITY, keep="none", optimize_coding=True)


if __name__ == "__main__":
    main()
