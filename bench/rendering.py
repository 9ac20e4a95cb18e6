"""The rooms of the samples as a stager might return them, honestly or not: what the quality gate is measured with.

`python -m bench.rendering [ROOM …]` renders them anew into `bench/rooms`, which takes minutes for each room.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from infrastructure.imaging.decoding import image_of
from samples.building import Lamp, Room, Sky
from samples.lighting import Lighting
from samples.photographing import photograph
from samples.recording import Recording, recorded
from samples.rooms import bedroom, kitchen, living_room
from samples.surfaces import Material, plain

FOLDER = Path(__file__).parent / "rooms"
WIDTH, HEIGHT = 480, 320
QUALITY = 88

FABRIC = plain((0.30, 0.34, 0.40), mottled=0.03)
WALNUT = plain((0.24, 0.14, 0.08), mottled=0.02, shine=0.02, roughness=0.2)
WOOL = plain((0.62, 0.58, 0.50), mottled=0.04)
CANVAS = plain((0.55, 0.30, 0.18), mottled=0.05)
LEAVES = plain((0.10, 0.24, 0.08), mottled=0.06)
DUSK = Sky(
    zenith=(0.06, 0.1, 0.28), horizon=(0.5, 0.34, 0.3), ground=(0.02, 0.02, 0.02), trees=(0.01, 0.014, 0.016)
)
WARM = (16.0, 9.5, 4.5)

ROOMS: dict[str, tuple[Callable[[], Room], float]] = {
    "living-room": (living_room, 0.22),
    "bedroom": (bedroom, 5.2),
    "kitchen": (kitchen, 5.0),
}
"""Each with the exposure that shows it well."""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or ROOMS:
        build, exposure = ROOMS[name]
        for variant, (changed, light) in variants(build, exposure).items():
            _render(changed, light).jpegsave(str(FOLDER / f"{name}-{variant}.jpg"), Q=QUALITY, keep="none")


def variants(build: Callable[[], Room], exposure: float) -> dict[str, tuple[Room, float]]:
    """The same room empty, furnished little and much, and at dusk; and one that it is not, seen by each camera."""
    return {
        "empty": (build(), exposure),
        "furnished": (_furnished(build(), much=False), exposure),
        "crowded": (_furnished(build(), much=True), exposure),
        "dusk": (_at_dusk(build()), 2.2),
        "turned": (_turned(build(), 12), exposure),
        "rebuilt": (_rebuilt(build()), exposure),
    }


def _furnished(room: Room, *, much: bool) -> Room:
    """A sofa, a table, a rug and a picture, or more than one would take."""
    x, _, z = room.size
    room.box((0.2 * x, 0.0, 0.42 * z), (0.75 * x, 0.015, 0.8 * z), WOOL)
    room.box((0.25 * x, 0.1, 0.82 * z), (0.7 * x, 0.42, 0.97 * z), FABRIC)
    room.box((0.25 * x, 0.42, 0.93 * z), (0.7 * x, 0.8, 0.98 * z), FABRIC)
    room.box((0.35 * x, 0.34, 0.55 * z), (0.6 * x, 0.38, 0.68 * z), WALNUT)
    for along in (0.36, 0.58):
        room.box((along * x, 0.0, 0.56 * z), (along * x + 0.04, 0.34, 0.67 * z), WALNUT)
    room.on_wall("left", (0.35 * z, 0.55 * z), (1.3, 1.9), (0.0, 0.03), CANVAS)
    if much:
        room.box((0.03 * x, 0.0, 0.3 * z), (0.2 * x, 1.9, 0.5 * z), WALNUT)
        room.box((0.78 * x, 0.0, 0.5 * z), (0.97 * x, 0.75, 0.75 * z), FABRIC)
        room.box((0.8 * x, 0.0, 0.86 * z), (0.88 * x, 1.5, 0.92 * z), LEAVES)
        room.box((0.05 * x, 0.0, 0.84 * z), (0.18 * x, 1.7, 0.95 * z), LEAVES)
        room.on_wall("right", (0.4 * z, 0.7 * z), (1.2, 2.0), (0.0, 0.03), CANVAS)
    return room


def _at_dusk(room: Room) -> Room:
    x, y, z = room.size
    room.sky = DUSK
    room.lamps.append(Lamp((0.5 * x, y - 0.35, 0.55 * z), 0.13, WARM))
    return room


def _turned(room: Room, degrees: float) -> Room:
    """Looked at in another direction: every line lies elsewhere."""
    room.camera = replace(room.camera, turned=room.camera.turned + degrees)
    return room


def _rebuilt(room: Room) -> Room:
    """Somebody moved the walls in: a plausible room, but not this one."""
    x, y, z = room.size
    wall: Material = plain((0.72, 0.66, 0.58), mottled=0.01)
    room.box((0.0, 0.0, 0.68 * z), (x, y, 0.74 * z), wall)
    room.box((0.0, 0.0, 0.2 * z), (0.12 * x, y, 0.6 * z), wall)
    room.box((0.35 * x, 0.0, 0.665 * z), (0.6 * x, 2.1, 0.68 * z), WALNUT)
    return _furnished(room, much=False)


def _render(room: Room, exposure: float) -> Any:
    rng = np.random.default_rng(7)
    lighting = Lighting(room, rng, rays=48, samples=9)
    light = photograph(room, lighting, WIDTH, HEIGHT, rng, side=2)
    return image_of(recorded(light, Recording(exposure, grain=0.004), rng))


if __name__ == "__main__":
    main()
