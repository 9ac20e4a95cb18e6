"""The quality gate on rooms whose honest and dishonest stagings are known: what its threshold was chosen by."""

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from infrastructure.imaging.decoding import Pixels, image_of, open_photo, pixels_of, upright_srgb
from infrastructure.imaging.framing import finish
from infrastructure.imaging.quality import STRUCTURE, UNCHANGED

ROOMS = Path(__file__).parent / "rooms"
HONEST = (
    ("empty", "furnished"),
    ("empty", "crowded"),
    ("empty", "dusk"),
    ("furnished", "empty"),
    ("crowded", "empty"),
)
"""What a photo shows, and what a stager may make of it: staging, dusk, and taking things away."""
DISHONEST = ("turned", "rebuilt")


def run() -> dict[str, Any]:
    """`lowest_honest` and `highest_dishonest` are structures; the threshold must lie between them."""
    rooms = {file.stem: file.read_bytes() for file in sorted(ROOMS.glob("*.jpg"))}
    names = sorted({stem.rpartition("-")[0] for stem in rooms})
    honest, dishonest, untouched = [], [], []
    for name in names:
        photo = rooms[f"{name}-empty"]
        pairs = [(f"{name}-{before}", f"{name}-{after}") for before, after in HONEST]
        honest += [_measured(rooms[before], rooms[after], f"{before} → {after}") for before, after in pairs]
        dishonest += [
            _measured(photo, rooms[f"{name}-{variant}"], f"{name} → {variant}") for variant in DISHONEST
        ]
        dishonest += [
            _measured(photo, changed, f"{name} → {how}") for how, changed in _elsewhere(photo).items()
        ]
        untouched.append(_measured(photo, _coded_again(photo), f"{name} coded again"))
    dishonest += [
        _measured(rooms[f"{one}-empty"], rooms[f"{other}-furnished"], f"{one} → {other}")
        for one, other in permutations(names, 2)
    ]
    lowest, highest = (
        min(one["structure"] for one in honest),
        max(one["structure"] for one in dishonest),
    )
    return {
        "lowest_honest": lowest,
        "highest_dishonest": highest,
        "threshold": STRUCTURE,
        "wrongly_refused": sum(one["structure"] < STRUCTURE for one in honest),
        "wrongly_passed": sum(one["structure"] >= STRUCTURE for one in dishonest),
        "most_change_by_coding": max(one["change"] for one in untouched),
        "least_change_by_staging": min(one["change"] for one in honest),
        "unchanged_below": UNCHANGED,
        "honest": honest,
        "dishonest": dishonest,
    }


def _measured(photo: bytes, staged: bytes, what: str) -> dict[str, Any]:
    finished = finish(photo + staged, len(photo))
    return {"what": what, "structure": round(finished.structure, 3), "change": round(finished.change, 1)}


def _elsewhere(photo: bytes) -> dict[str, bytes]:
    """The same room from where nobody took the photo: mirrored, moved by a tenth, and much closer."""
    pixels = pixels_of(upright_srgb(open_photo(photo)))
    height, width, _ = pixels.shape
    closer = image_of(np.ascontiguousarray(pixels[height // 8 : -height // 8, width // 8 : -width // 8]))
    return {
        "mirrored": _jpeg(np.ascontiguousarray(pixels[:, ::-1])),
        "moved": _jpeg(np.roll(pixels, width // 10, axis=1)),
        "closer": bytes(
            closer.resize(width / closer.width, vscale=height / closer.height).jpegsave_buffer(Q=90)
        ),
    }


def _coded_again(photo: bytes) -> bytes:
    return _jpeg(pixels_of(upright_srgb(open_photo(photo))), quality=70)


def _jpeg(pixels: Pixels, quality: int = 90) -> bytes:
    return bytes(image_of(pixels).jpegsave_buffer(Q=quality))
