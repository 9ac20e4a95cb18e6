"""Light in a room: what comes in through windows, from lamps and the sun, and what walls give back of it."""

import numpy as np
import numpy.typing as npt

from samples.building import Opening, Room
from samples.sky import sky_light
from samples.surfaces import Values
from samples.texels import Faces, faces_hit
from samples.tracing import FAR, Vectors

ROUNDS = 7
"""How often light is followed from wall to wall."""


class Lighting:
    """All light of a room. `bounced` is what walls give back; `everything` is that and the direct light."""

    def __init__(self, room: Room, rng: np.random.Generator, *, rays: int, samples: int) -> None:
        self.room, self.shapes = room, room.shapes
        self.faces = Faces.of(self.shapes, room.size)
        surface = (self.faces.owners >= 0) & ~self.shapes.encloses(self.faces.points)
        points, normals = self.faces.points[surface], self.faces.normals[surface]
        owners = self.faces.owners[surface]
        numbers = np.full(len(surface) + 1, len(points), np.int32)  # after all points comes a black one
        numbers[:-1][surface] = np.arange(len(points))
        direct = np.zeros_like(points)
        for sample in range(samples):
            direct += self.direct(points, normals, rng, sample, samples)
        direct /= samples
        colours = np.empty_like(points)
        for box, material in enumerate(room.materials):
            mine = owners // 6 == box
            if mine.any():
                colours[mine] = material.colour(points[mine], (owners[mine] % 6 // 2).astype(np.int32))
        seen = [numbers[self._texels_seen(points, normals, rng, ray, rays)] for ray in range(rays)]
        bounced = np.zeros_like(points)
        for _ in range(ROUNDS):
            given = np.concatenate([colours * (direct + bounced), np.zeros((1, 3), np.float32)])
            bounced = sum((given[texels] for texels in seen), start=np.zeros_like(points)) / np.float32(rays)
            bounced = self.faces.smoothed(self._spread(bounced, surface), surface)[surface]
        self.bounced = self.faces.smoothed(self._spread(bounced, surface), surface)
        self.everything = self.bounced + self.faces.smoothed(self._spread(direct, surface), surface, times=1)

    @staticmethod
    def _spread(light: Vectors, surface: npt.NDArray[np.bool_]) -> Vectors:
        """Light of the texels on surfaces, as light of all texels."""
        spread = np.zeros((len(surface), 3), np.float32)
        spread[surface] = light
        return spread

    def direct(
        self, points: Vectors, normals: Vectors, rng: np.random.Generator, sample: int, samples: int
    ) -> Vectors:
        """Irradiance, divided by pi, straight from windows, lamps and the sun; one sample of many."""
        light = np.zeros_like(points)
        for opening in self.room.openings:
            light += self._from_opening(opening, points, normals, rng, sample, samples)
        for lamp in range(len(self.room.lamps)):
            light += self._from_lamp(lamp, points, normals, rng)
        if any(self.room.sky.sun):
            light += self._from_sun(points, normals, rng)
        return light

    def _from_opening(
        self,
        opening: Opening,
        points: Vectors,
        normals: Vectors,
        rng: np.random.Generator,
        sample: int,
        samples: int,
    ) -> Vectors:
        side = max(1, int(samples**0.5))
        turn = rng.integers(0, side * side, len(points))
        cell = (sample + turn) % (side * side)
        u = (cell % side + rng.random(len(points))) / side
        v = (cell // side + rng.random(len(points))) / side
        target = np.empty_like(points)
        along = 2 - opening.axis
        target[:, opening.axis] = opening.at
        target[:, along] = opening.low[0] + u * (opening.high[0] - opening.low[0])
        target[:, 1] = opening.low[1] + v * (opening.high[1] - opening.low[1])
        area = (opening.high[0] - opening.low[0]) * (opening.high[1] - opening.low[1])
        way = target - points
        distance = np.linalg.norm(way, axis=1)
        way /= distance[:, None]
        facing = np.einsum("ij,ij->i", way, normals)
        slant = -way[:, opening.axis] * opening.inwards
        weight = facing * slant * area / (np.pi * np.maximum(distance, 0.05) ** 2)
        return self._arriving(points, way, distance - 0.001, weight, None)

    def _from_lamp(self, index: int, points: Vectors, normals: Vectors, rng: np.random.Generator) -> Vectors:
        lamp = self.room.lamps[index]
        spread = rng.normal(size=points.shape).astype(np.float32)
        spread *= lamp.radius / np.linalg.norm(spread, axis=1)[:, None]
        towards = np.array(lamp.centre, np.float32) - points
        distance = np.linalg.norm(towards, axis=1)
        spread -= towards * (np.einsum("ij,ij->i", spread, towards) / distance**2)[:, None]
        way = towards + spread
        distance = np.linalg.norm(way, axis=1)
        way /= distance[:, None]
        facing = np.einsum("ij,ij->i", way, normals)
        weight = facing * (lamp.radius / np.maximum(distance, lamp.radius)) ** 2
        return self._arriving(points, way, distance - 1.02 * lamp.radius, weight, lamp.glow)

    def _from_sun(self, points: Vectors, normals: Vectors, rng: np.random.Generator) -> Vectors:
        way = np.array(self.room.sky.to_sun, np.float32) + rng.normal(0, 0.006, points.shape).astype(
            np.float32
        )
        way /= np.linalg.norm(way, axis=1)[:, None]
        facing = np.einsum("ij,ij->i", way, normals)
        return self._arriving(points, way, np.full(len(points), FAR), facing, self.room.sky.sun)

    def _arriving(
        self,
        points: Vectors,
        way: Vectors,
        distance: npt.NDArray[np.floating],
        weight: npt.NDArray[np.floating],
        glow: tuple[float, float, float] | None,
    ) -> Vectors:
        """What arrives of a source at each point: `glow`, or for None the sky in that direction."""
        light = np.zeros_like(points)
        lit = np.flatnonzero(weight > 0)
        clear = self.shapes.reaches(points[lit], way[lit], distance[lit].astype(np.float32))
        lit = lit[clear]
        source = sky_light(self.room.sky, way[lit]) if glow is None else np.array(glow, np.float32)
        light[lit] = source * weight[lit, None]
        return light

    def _texels_seen(
        self, points: Vectors, normals: Vectors, rng: np.random.Generator, ray: int, rays: int
    ) -> npt.NDArray[np.int32]:
        """For one of many rays from each texel, the texel that it meets; the number of texels for none."""
        side = int(rays**0.5)
        turn = (ray + rng.integers(0, side * side, len(points))) % (side * side)
        radius = np.sqrt((turn // side + rng.random(len(points))) / side)
        angle = 2 * np.pi * (turn % side + rng.random(len(points))) / side
        way = around(normals, radius * np.cos(angle), radius * np.sin(angle))
        hits = self.shapes.first_hit(points, way)
        face, places = faces_hit(self.shapes, hits, points, way)
        face = np.where(hits.shape < len(self.shapes.low), face, 0)
        place = np.stack(
            [
                np.where(face % 6 // 2 == 0, places[:, 1], places[:, 0]),
                np.where(face % 6 // 2 == 2, places[:, 1], places[:, 2]),
            ],
            axis=1,
        )
        cell = np.clip(
            ((place - self.faces.start[face]) / self.faces.step[face]).astype(np.int64),
            0,
            self.faces.counts[face] - 1,
        )
        texel = self.faces.first[face] + cell[:, 0] * self.faces.counts[face, 1] + cell[:, 1]
        usable = (
            (hits.shape >= 0)
            & (hits.shape < len(self.shapes.low))
            & (self.faces.first[face] >= 0)
            & (hits.distance > 0)
        )
        return np.where(usable, texel, len(self.faces.points)).astype(np.int32)


def around(normals: Vectors, one: Values, other: Values) -> Vectors:
    """Unit directions about normals that are along an axis, given by what they are across it."""
    axis = np.abs(normals).argmax(axis=1)
    rest = np.sqrt(np.maximum(1 - one**2 - other**2, 1e-6))
    rows = np.arange(len(normals))
    way = np.empty_like(normals)
    way[rows, axis] = rest * normals[rows, axis]
    way[rows, (axis + 1) % 3] = one
    way[rows, (axis + 2) % 3] = other
    return way
