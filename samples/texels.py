"""Texels: places all over the faces of boxes that reflected light is worked out for once, to be looked up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samples.tracing import FAR, Hits, Shapes, Vectors

TEXEL = 0.07
"""Metres between texels; reflected light changes slowly along a wall."""
REVEAL = 0.3
"""Metres beyond the room's inside that still belong to it: window reveals."""
ALONE = 0.15
"""Metres; faces narrower than this have texels of their own, as a wall's would miss them."""
FEWEST = 4
"""Texels along each side of a face."""
SMOOTHINGS = 6
"""Times that reflected light is smoothed over a plane."""
LIFT = np.float32(2e-4)
"""Metres above a surface where rays begin."""


@dataclass(frozen=True)
class Faces:
    """All planes that faces of boxes lie in, with a grid of texels on each; the grids make one long list."""

    first: npt.NDArray[np.int64]
    """Index of a plane's first texel, by box x 6 + axis x 2 + side; -1 for faces that nobody sees."""
    counts: npt.NDArray[np.int64]
    """Texels along the two other axes, by face."""
    start: Vectors
    step: Vectors
    points: Vectors
    normals: Vectors
    owners: npt.NDArray[np.int64]
    """The face that each texel is on; -1 where there is a hole."""

    @classmethod
    def of(cls, shapes: Shapes, inside: tuple[float, float, float]) -> "Faces":
        count_of_faces = len(shapes.low) * 6
        first = np.full(count_of_faces, -1, np.int64)
        counts = np.ones((count_of_faces, 2), np.int64)
        start, step = np.zeros((count_of_faces, 2), np.float32), np.ones((count_of_faces, 2), np.float32)
        points, normals, owners, texels = [], [], [], 0
        for (axis, side, plane, _), members in _planes(shapes, np.array(inside) + REVEAL).items():
            others = [other for other in range(3) if other != axis]
            low = np.min([rectangle[0] for _, rectangle in members], axis=0)
            high = np.max([rectangle[1] for _, rectangle in members], axis=0)
            count = np.ceil((high - low) / np.minimum(TEXEL, (high - low) / FEWEST)).astype(int)
            size = (high - low) / count
            one, other = np.meshgrid(
                *[low[i] + (np.arange(count[i]) + 0.5) * size[i] for i in (0, 1)], indexing="ij"
            )
            place = np.empty((one.size, 3), np.float32)
            place[:, axis], place[:, others[0]], place[:, others[1]] = plane, one.ravel(), other.ravel()
            normal = np.zeros((one.size, 3), np.float32)
            normal[:, axis] = 1 if side else -1
            owner = np.full(one.size, -1)
            for face, (least, most) in members:
                on_it = np.all((place[:, others] >= least) & (place[:, others] <= most), axis=1)
                owner[on_it] = face
                first[face], counts[face], start[face], step[face] = texels, count, low, size
            texels += one.size
            points.append(place + normal * LIFT)
            normals.append(normal)
            owners.append(owner)
        return cls(
            first,
            counts,
            start,
            step,
            np.concatenate(points),
            np.concatenate(normals),
            np.concatenate(owners),
        )

    def interpolated(self, light: Vectors, face: npt.NDArray[np.int64], points: Vectors) -> Vectors:
        """Light at points on faces, from that at the texels around them."""
        axis = face % 6 // 2
        one = np.where(axis == 0, points[:, 1], points[:, 0])
        other = np.where(axis == 2, points[:, 1], points[:, 2])
        place = (np.stack([one, other], axis=1) - self.start[face]) / self.step[face] - 0.5
        place = np.clip(place, 0, self.counts[face] - 1)
        low = place.astype(np.int64)
        high = np.minimum(low + 1, self.counts[face] - 1)
        part = (place - low).astype(np.float32)
        first = np.maximum(self.first[face], 0)
        row = self.counts[face, 1]
        total = np.zeros((len(points), 3), np.float32)
        for i, u in ((low[:, 0], 1 - part[:, 0]), (high[:, 0], part[:, 0])):
            for j, v in ((low[:, 1], 1 - part[:, 1]), (high[:, 1], part[:, 1])):
                total += light[first + i * row + j] * (u * v)[:, None]
        return np.where((self.first[face] >= 0)[:, None], total, 0)

    def smoothed(self, light: Vectors, surface: npt.NDArray[np.bool_], times: int = SMOOTHINGS) -> Vectors:
        """Without the grain of random rays; texels without a surface take after their neighbours."""
        smooth = np.zeros_like(light)
        planes = {first: count for first, count in zip(self.first, self.counts, strict=True) if first >= 0}
        for first, count in planes.items():
            texels = slice(first, first + count[0] * count[1])
            weight = surface[texels].astype(np.float32).reshape(*count, 1)
            total = light[texels].reshape(*count, 3) * weight
            for _ in range(times):
                total, weight = _blurred(total), _blurred(weight)
            smooth[texels] = (total / np.maximum(weight, 1e-6)).reshape(-1, 3)
        return smooth


def _planes(
    shapes: Shapes, most: npt.NDArray[np.floating]
) -> dict[tuple[int, int, float, int], list[tuple[int, tuple[Vectors, Vectors]]]]:
    """Faces with their rectangles by axis, side and place: pieces of a wall share their light without a seam.

    Narrow ones stand alone; the last number tells them apart.
    """
    planes: dict[tuple[int, int, float, int], list[tuple[int, tuple[Vectors, Vectors]]]] = {}
    for face in range(len(shapes.low) * 6):
        box, axis, side = face // 6, face % 6 // 2, face % 2
        plane = float((shapes.high if side else shapes.low)[box, axis])
        others = [other for other in range(3) if other != axis]
        low, high = np.maximum(shapes.low[box], -REVEAL)[others], np.minimum(shapes.high[box], most)[others]
        beyond = plane + (0.005 if side else -0.005)
        if -REVEAL < beyond < most[axis] and np.all(low < high):
            alone = face if np.min(high - low) < ALONE else -1
            planes.setdefault((axis, side, round(plane, 4), alone), []).append((face, (low, high)))
    return planes


def _blurred(grid: Vectors) -> Vectors:
    """By the kernel 1 2 1 along both sides."""
    for axis in (0, 1):
        padded = np.pad(grid, [(int(axis == other),) * 2 for other in range(3)], "edge")
        one, middle, other = (np.take(padded, range(i, i + grid.shape[axis]), axis) for i in range(3))
        grid = (one + 2 * middle + other) / 4
    return grid


def faces_hit(
    shapes: Shapes, hits: Hits, origins: Vectors, directions: Vectors
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """The face (box x 6 + axis x 2 + side) and the point where each ray met a box."""
    points = origins + directions * np.minimum(hits.distance, 1e4)[:, None]
    box = np.clip(hits.shape, 0, len(shapes.low) - 1)
    from_low = np.abs(points - shapes.low[box])
    from_high = np.abs(points - shapes.high[box])
    from_low[directions < 0] = FAR  # a ray meets the side that faces it
    from_high[directions > 0] = FAR
    nearest = np.minimum(from_low, from_high)
    axis = nearest.argmin(axis=1)
    rows = np.arange(len(points))
    side = from_high[rows, axis] < from_low[rows, axis]
    return box.astype(np.int64) * 6 + axis * 2 + side, points
