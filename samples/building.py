"""A room and how it is built: boxes for floor, walls and windows, openings for light, and a camera."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from samples.surfaces import Colour, Material, plain
from samples.tracing import Shapes

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Opening:
    """A window's or a balcony door's hole in a wall that is perpendicular to x (0) or z (2)."""

    axis: int
    at: float
    """Where the pane is on that axis."""
    low: tuple[float, float]
    high: tuple[float, float]
    """Along the wall and upwards."""
    inwards: int
    """1 where the room lies at higher values of the axis, else -1."""


@dataclass(frozen=True)
class Lamp:
    centre: Point
    radius: float
    glow: Colour
    """Radiance."""


@dataclass(frozen=True)
class Sky:
    zenith: Colour
    horizon: Colour
    ground: Colour
    trees: Colour
    sun: Colour = (0.0, 0.0, 0.0)
    """Irradiance, divided by pi, of a surface that faces it."""
    to_sun: Point = (0.0, 1.0, 0.0)
    seen: float = 1.0
    """Part of the light outside that the camera records: phones hold bright windows back."""


@dataclass(frozen=True)
class Camera:
    position: Point
    turned: float
    """Degrees from looking along z towards x."""
    width: float
    """What it sees from left to right, in degrees."""
    horizon: float = 0.5
    """Height of the horizon in the picture, as a part of it from above: the back is shifted, never tilted."""


@dataclass
class Room:
    """Built from boxes by the methods below; the inside reaches from the origin to `size`."""

    size: Point
    camera: Camera
    sky: Sky
    lows: list[Point] = field(default_factory=list)
    highs: list[Point] = field(default_factory=list)
    materials: list[Material] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)

    def box(self, low: Point, high: Point, material: Material) -> None:
        self.lows.append(low)
        self.highs.append(high)
        self.materials.append(material)

    @property
    def shapes(self) -> Shapes:
        return Shapes(
            low=np.array(self.lows, np.float32),
            high=np.array(self.highs, np.float32),
            centres=np.array([lamp.centre for lamp in self.lamps], np.float32).reshape(-1, 3),
            radii=np.array([lamp.radius for lamp in self.lamps], np.float32),
        )

    def on_wall(
        self,
        wall: str,
        along: tuple[float, float],
        up: tuple[float, float],
        depth: tuple[float, float],
        material: Material,
    ) -> None:
        """A box on a wall (left, right, back, front); `depth` is measured from its surface into the room."""
        (a, b), (low, high), (near, far) = along, up, depth
        if wall == "left":
            self.box((near, low, a), (far, high, b), material)
        elif wall == "right":
            self.box((self.size[0] - far, low, a), (self.size[0] - near, high, b), material)
        elif wall == "back":
            self.box((a, low, self.size[2] - far), (b, high, self.size[2] - near), material)
        else:
            self.box((a, low, near), (b, high, far), material)

    def shell(self, *, floor: Material, ceiling: Material) -> None:
        x, y, z = self.size
        self.box((-1, -0.3, -1), (x + 1, 0, z + 1), floor)
        self.box((-1, y, -1), (x + 1, y + 0.3, z + 1), ceiling)

    def wall(
        self,
        wall: str,
        material: Material,
        holes: Sequence[tuple[float, float, float, float]] = (),
        *,
        thick: float = 0.32,
    ) -> None:
        """A wall with holes (along from, along to, up from, up to), in order along it and not overlapping."""
        length = self.size[2] if wall in ("left", "right") else self.size[0]
        start = -0.3
        for a, b, low, high in holes:
            self.on_wall(wall, (start, a), (0, self.size[1]), (-thick, 0), material)
            if low > 0:
                self.on_wall(wall, (a, b), (0, low), (-thick, 0), material)
            if high < self.size[1]:
                self.on_wall(wall, (a, b), (high, self.size[1]), (-thick, 0), material)
            start = b
        self.on_wall(wall, (start, length + 0.3), (0, self.size[1]), (-thick, 0), material)

    def skirting(
        self, wall: str, along: tuple[float, float], material: Material, *, high: float = 0.09
    ) -> None:
        self.on_wall(wall, along, (0, high - 0.012), (0, 0.016), material)
        self.on_wall(wall, along, (high - 0.012, high), (0, 0.010), material)

    def window(
        self,
        wall: str,
        hole: tuple[float, float, float, float],
        frame: Material,
        *,
        casements: int = 2,
        sill: Material | None = None,
        set_back: float = 0.2,
    ) -> None:
        """A window in its hole: outer frame, casements, handles, and a sill if there is to be one."""
        a, b, low, high = hole
        back, front = -set_back - 0.07, -set_back
        edge = 0.055
        self.on_wall(wall, (a, b), (high - edge, high), (back, front), frame)
        self.on_wall(wall, (a, b), (low, low + edge), (back, front), frame)
        self.on_wall(wall, (a, a + edge), (low, high), (back, front), frame)
        self.on_wall(wall, (b - edge, b), (low, high), (back, front), frame)
        width = (b - a - 2 * edge) / casements
        for index in range(casements):
            left = a + edge + index * width
            right = left + width
            bar = 0.06
            depth = (back + 0.01, front + 0.018)
            self.on_wall(wall, (left, right), (high - edge - bar, high - edge), depth, frame)
            self.on_wall(wall, (left, right), (low + edge, low + edge + bar), depth, frame)
            self.on_wall(wall, (left, left + bar), (low + edge, high - edge), depth, frame)
            self.on_wall(wall, (right - bar, right), (low + edge, high - edge), depth, frame)
        metal = plain((0.62, 0.62, 0.62), shine=0.3, roughness=0.1)
        middle = (low + high) / 2
        handle = a + edge + width * (casements // 2) + (0.03 if casements > 1 else width - 0.03)
        self.on_wall(
            wall,
            (handle - 0.012, handle + 0.012),
            (middle - 0.03, middle + 0.03),
            (front + 0.018, front + 0.03),
            metal,
        )
        self.on_wall(
            wall,
            (handle - 0.009, handle + 0.009),
            (middle - 0.12, middle + 0.015),
            (front + 0.045, front + 0.06),
            metal,
        )
        if sill:
            self.on_wall(wall, (a - 0.04, b + 0.04), (low - 0.03, low), (-set_back, 0.05), sill)
        self._let_in(wall, hole, -set_back - 0.05)

    def _let_in(self, wall: str, hole: tuple[float, float, float, float], depth: float) -> None:
        a, b, low, high = hole
        axis, at, inwards = {
            "left": (0, depth, 1),
            "right": (0, self.size[0] - depth, -1),
            "back": (2, self.size[2] - depth, -1),
            "front": (2, depth, 1),
        }[wall]
        self.openings.append(Opening(axis, at, (a, low), (b, high), inwards))
