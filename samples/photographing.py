"""A camera in a room: rays through each pixel, what they show, and a picture without random grain."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samples.building import Camera, Room
from samples.lighting import Lighting
from samples.sky import view
from samples.surfaces import Material
from samples.texels import LIFT, faces_hit
from samples.tracing import Hits, Vectors

TEXTURED = 4
"""Samples of a pixel that its surface's pattern is worked out for; light needs more of them."""
STEPS = (1, 2, 4, 8)
"""Distances in pixels over which light on one face is evened out, one after the other."""
LIKE = 0.35
"""Light that differs by this factor less one is half evened out, so that shadows keep their edges."""
STRAY = np.float32(3)
"""A sample with more light than this many times what its surroundings get is a stray and cut to that."""
BRIGHTEST = np.float32(60)


@dataclass(frozen=True)
class _Exposures:
    """Sums over the samples of each pixel."""

    colour: Vectors
    arriving: Vectors
    mirrored: Vectors
    whole: Vectors
    first_face: npt.NDArray[np.int64]
    last_face: npt.NDArray[np.int64]


def photograph(
    room: Room, lighting: Lighting, width: int, height: int, rng: np.random.Generator, *, side: int
) -> Vectors:
    """Linear light, shape (height, width, 3), from side x side samples of each pixel."""
    pixels = width * height
    sums = _Exposures(
        colour=np.zeros((pixels, 3), np.float32),
        arriving=np.zeros((pixels, 3), np.float32),
        mirrored=np.zeros((pixels, 3), np.float32),
        whole=np.zeros((pixels, 3), np.float32),
        first_face=np.full(pixels, np.iinfo(np.int64).max),
        last_face=np.full(pixels, -1),
    )
    for sample in range(side * side):
        origins, ways = _rays(room.camera, width, height, rng, sample, side)
        _expose(sums, room, lighting, origins, ways, rng, sample, side * side)
    samples = side * side
    shape = (height, width, 3)
    face = np.where(sums.first_face == sums.last_face, sums.first_face, -1).reshape(height, width)
    arriving = _evened((sums.arriving / samples).reshape(shape), face)
    mirrored = _evened((sums.mirrored / samples).reshape(shape), face)
    colour = (sums.colour / min(TEXTURED, samples)).reshape(shape)
    return np.where(
        (face >= 0)[..., None], colour * arriving + mirrored, (sums.whole / samples).reshape(shape)
    )


def _rays(
    camera: Camera, width: int, height: int, rng: np.random.Generator, sample: int, side: int
) -> tuple[Vectors, Vectors]:
    row, column = np.mgrid[0:height, 0:width].reshape(2, -1)
    across = (column + (sample % side + rng.random(len(row))) / side) / width - 0.5
    down = (row + (sample // side + rng.random(len(row))) / side) / height - camera.horizon
    reach = 2 * np.tan(np.radians(camera.width / 2))
    x, y = across * reach, -down * reach * height / width
    turned = np.radians(camera.turned)
    ways = np.stack([x * np.cos(turned) + np.sin(turned), y, np.cos(turned) - x * np.sin(turned)], axis=1)
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    origins = np.broadcast_to(np.array(camera.position, np.float32), ways.shape)
    return origins, ways.astype(np.float32)


def _expose(
    sums: _Exposures,
    room: Room,
    lighting: Lighting,
    origins: Vectors,
    ways: Vectors,
    rng: np.random.Generator,
    sample: int,
    samples: int,
) -> None:
    hits = lighting.shapes.first_hit(origins, ways)
    face, points = faces_hit(lighting.shapes, hits, origins, ways)
    boxes = len(lighting.shapes.low)
    on_box = np.flatnonzero((hits.shape >= 0) & (hits.shape < boxes))
    seen = np.where((hits.shape >= 0) & (hits.shape < boxes), face, -2 - hits.shape)
    np.minimum(sums.first_face, seen, out=sums.first_face)
    np.maximum(sums.last_face, seen, out=sums.last_face)
    sums.whole[:] += _unlit(room, boxes, hits, ways)
    normals = np.zeros_like(ways)
    axis = (face % 6 // 2).astype(np.int32)
    normals[np.arange(len(face)), axis] = np.where(face % 2, 1, -1)
    starts = points + normals * LIFT
    arriving = lighting.direct(starts[on_box], normals[on_box], rng, sample, samples)
    arriving += lighting.faces.interpolated(lighting.bounced, face[on_box], points[on_box])
    usual = lighting.faces.interpolated(lighting.everything, face[on_box], points[on_box])
    np.minimum(arriving, usual * STRAY + 0.02, out=arriving)
    for index, material in enumerate(room.materials):
        mine = hits.shape[on_box] == index
        if not mine.any():
            continue
        where = on_box[mine]
        mirrored, share = np.zeros((len(where), 3), np.float32), np.zeros((len(where), 1), np.float32)
        if material.shine:
            mirrored, share = _mirrored(
                room, lighting, starts[where], normals[where], ways[where], material, rng
            )
        light = arriving[mine] * (1 - share)
        if sample < TEXTURED:
            sums.colour[where] += material.colour(points[where], axis[where])
        sums.arriving[where] += light
        sums.mirrored[where] += mirrored * share
        sums.whole[where] += sums.colour[where] / min(sample + 1, TEXTURED) * light + mirrored * share


def _unlit(room: Room, boxes: int, hits: Hits, ways: Vectors) -> Vectors:
    """What is seen of the outside and of lamps."""
    light = np.zeros_like(ways)
    outside = hits.shape < 0
    light[outside] = view(room.sky, ways[outside]) * room.sky.seen
    for index, lamp in enumerate(room.lamps):
        light[hits.shape == boxes + index] = lamp.glow
    return light


def _mirrored(
    room: Room,
    lighting: Lighting,
    starts: Vectors,
    normals: Vectors,
    ways: Vectors,
    material: Material,
    rng: np.random.Generator,
) -> tuple[Vectors, Vectors]:
    """What a shiny surface mirrors, and the part of the light that it mirrors (Schlick's approximation)."""
    facing = -np.einsum("ij,ij->i", ways, normals)
    share = material.shine + (1 - material.shine) * (1 - np.clip(facing, 0, 1)) ** 5
    share = share / (1 + 6 * material.roughness)
    out = ways + 2 * facing[:, None] * normals
    out = out + rng.normal(0, material.roughness, out.shape).astype(np.float32)
    out -= normals * np.minimum(np.einsum("ij,ij->i", out, normals) - 0.01, 0)[:, None]
    out /= np.linalg.norm(out, axis=1)[:, None]
    boxes = len(lighting.shapes.low)
    hits = lighting.shapes.first_hit(starts, out)
    light = _unlit(room, boxes, hits, out)
    face, points = faces_hit(lighting.shapes, hits, starts, out)
    on_box = np.flatnonzero((hits.shape >= 0) & (hits.shape < boxes))
    arriving = lighting.faces.interpolated(lighting.everything, face[on_box], points[on_box])
    colours = np.array([other.average for other in room.materials], np.float32)
    light[on_box] = colours[hits.shape[on_box]] * arriving
    return np.minimum(light, BRIGHTEST), share[:, None].astype(np.float32)


def _evened(light: Vectors, face: npt.NDArray[np.int64]) -> Vectors:
    """Light averaged over neighbours on the same face that have about as much of it (an à trous filter)."""
    for step in STEPS:
        total, weights = light.copy(), np.ones(face.shape, np.float32)
        brightness = light.sum(axis=2) + 1e-3
        for down in (-step, 0, step):
            for right in (-step, 0, step):
                if not down and not right:
                    continue
                other = np.roll(light, (down, right), (0, 1))
                like = np.roll(brightness, (down, right), (0, 1)) / brightness
                weight = 1 / (1 + ((like - 1) / LIKE) ** 2)
                weight *= np.roll(face, (down, right), (0, 1)) == face
                weight *= 0.5 if down == 0 or right == 0 else 0.25
                total += other * weight[..., None]
                weights += weight
        light = (total / weights[..., None]).astype(np.float32)
    return light
