"""Rays and what they meet: rooms are made of boxes and a few spheres, tested in bulk with numpy."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.floating]
"""Shape (n, 3): points or directions in metres; x to the right, y up, z away from the camera."""

FAR = np.float32(1e9)
CHUNK = 1 << 15
"""Rays tested at a time: small enough to stay in the processor's cache."""


@dataclass(frozen=True)
class Hits:
    distance: npt.NDArray[np.floating]
    """FAR where nothing is met."""
    shape: npt.NDArray[np.int32]
    """The index of the box, or of the sphere plus the number of boxes; -1 where nothing is met."""


@dataclass(frozen=True)
class Shapes:
    low: Vectors
    high: Vectors
    centres: Vectors
    radii: npt.NDArray[np.floating]

    def first_hit(self, origins: Vectors, directions: Vectors) -> Hits:
        distance = np.empty(len(origins), np.float32)
        shape = np.empty(len(origins), np.int32)
        for start in range(0, len(origins), CHUNK):
            part = slice(start, start + CHUNK)
            distance[part], shape[part] = self._first_hit(origins[part], directions[part])
        return Hits(distance, shape)

    def reaches(
        self, origins: Vectors, directions: Vectors, distance: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.bool_]:
        """Whether nothing stands in the way before `distance`."""
        return self.first_hit(origins, directions).distance >= distance

    def encloses(self, points: Vectors) -> npt.NDArray[np.bool_]:
        """Whether a point is inside one of the boxes."""
        enclosed = np.zeros(len(points), np.bool_)
        for low, high in zip(self.low, self.high, strict=True):
            enclosed |= np.all((points > low) & (points < high), axis=1)
        return enclosed

    def _first_hit(
        self, origins: Vectors, directions: Vectors
    ) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.int32]]:
        origin = np.ascontiguousarray(origins.T)
        with np.errstate(divide="ignore"):
            inverse = np.float32(1) / np.ascontiguousarray(directions.T)
        inverse = np.clip(inverse, -FAR, FAR)
        nearest = np.full(len(origins), FAR, np.float32)
        shape = np.full(len(origins), -1, np.int32)
        for index, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            enter = np.full(len(origins), -FAR, np.float32)
            leave = nearest.copy()
            for axis in range(3):
                one = (low[axis] - origin[axis]) * inverse[axis]
                other = (high[axis] - origin[axis]) * inverse[axis]
                np.maximum(enter, np.minimum(one, other), out=enter)
                np.minimum(leave, np.maximum(one, other), out=leave)
            met = (enter < leave) & (leave > 0)
            nearest[met] = np.maximum(enter[met], 0)
            shape[met] = index
        for index, (centre, radius) in enumerate(zip(self.centres, self.radii, strict=True)):
            away = origins - centre
            along = np.einsum("ij,ij->i", away, directions)
            root = along**2 - np.einsum("ij,ij->i", away, away) + radius**2
            enter = -along - np.sqrt(np.maximum(root, 0))
            met = (root > 0) & (enter > 0) & (enter < nearest)
            nearest[met] = enter[met]
            shape[met] = index + len(self.low)
        return nearest, shape
