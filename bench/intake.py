"""Taking in photos of 12 megapixels, against Pillow: time, memory and how true the small versions are.

Each does the same in processes of its own on one core: take the metadata out, decode the photo to its end, make
the preview and the thumbnail. Pillow has no way to take metadata out without encoding anew, so it is given ours.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from PIL import Image

from application.pictures import PREVIEW, THUMBNAIL
from bench.ssim import luma_of, reduced, ssim
from infrastructure.imaging.decoding import image_of, open_photo, pixels_of, upright_srgb
from infrastructure.imaging.intake import QUALITY, take_in
from infrastructure.imaging.local_darkroom import LocalDarkroom
from infrastructure.imaging.metadata import strip
from infrastructure.imaging.sandbox.worker import ENVIRONMENT

WIDTH, HEIGHT = 4000, 3000
GRAIN = 4.0
"""A standard deviation in 8-bit steps, so that the file is as large as a phone's."""
ROUNDS, REPEATS = 3, 5
SAMPLES = Path(__file__).parents[1] / "samples"

Small = tuple[bytes, bytes]
"""Preview and thumbnail, as JPEG."""


def run() -> dict[str, Any]:
    """Ratios are ours to Pillow's, of processor time on one core and of memory beyond what libraries take.

    Pillow decodes the whole picture, as it must to be sure of it in the way it is used; `half_size` ratios are
    to a Pillow that decodes at half the size, as we do.
    """
    with tempfile.TemporaryDirectory() as folder:
        photo = _photo(Path(folder) / "photo.jpg")
        rounds = [{who: _apart(who, photo) for who in ROUTES} for _ in range(ROUNDS)]
        rows = [_row(who, [one[who] for one in rounds]) for who in ROUTES]
        sandboxed = _sandboxed(photo.read_bytes())
        size = photo.stat().st_size
    ours, pillow, draft = rows
    return {
        "time_ratio": _ratio(ours, pillow, "cpu_ms"),
        "memory_ratio": _ratio(ours, pillow, "extra_mb"),
        "clock_ratio": _ratio(ours, pillow, "ms"),
        "absolute_memory_ratio": _ratio(ours, pillow, "peak_mb"),
        "half_size_time_ratio": _ratio(ours, draft, "cpu_ms"),
        "half_size_memory_ratio": _ratio(ours, draft, "extra_mb"),
        "ssim_gain": round(ours["preview_ssim"] - pillow["preview_ssim"], 4),
        **sandboxed,
        "megapixels": WIDTH * HEIGHT / 1e6,
        "photo_mb": round(size / 1e6, 1),
        "routes": rows,
    }


def _photo(file: Path) -> Path:
    sample = upright_srgb(open_photo((SAMPLES / "living-room.jpg").read_bytes()))
    large = pixels_of(sample.resize(WIDTH / sample.width, vscale=HEIGHT / sample.height).copy_memory())
    grain = np.random.default_rng(12).standard_normal(large.shape, np.float32) * np.float32(GRAIN)
    image_of(np.clip(large + grain, 0, 255).astype(np.uint8)).jpegsave(str(file), Q=92)
    return file


def _ours(photo: bytes) -> Small:
    taken = take_in(photo)
    return taken.preview, taken.thumbnail


def _pillow(photo: bytes, *, half: bool = False) -> Small:
    with Image.open(BytesIO(strip(photo))) as image:
        if half:
            image.draft("RGB", (image.width // 2, image.height // 2))
        image.load()
        image.thumbnail((PREVIEW, PREVIEW), Image.Resampling.LANCZOS)
        preview = _encoded(image)
        image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        return preview, _encoded(image)


def _pillow_half(photo: bytes) -> Small:
    return _pillow(photo, half=True)


def _encoded(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


ROUTES: dict[str, Callable[[bytes], Small]] = {
    "ours": _ours,
    "Pillow": _pillow,
    "Pillow at half size": _pillow_half,
}


def _apart(who: str, photo: Path) -> dict[str, Any]:
    """In a process of its own that has one core, so that nothing else is in its memory."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.intake", who, str(photo)],
        env={**os.environ, **ENVIRONMENT},
        cwd=SAMPLES.parent,
        capture_output=True,
        check=True,
        timeout=300,
    )
    return dict(json.loads(done.stdout))


def _alone(who: str, file: Path) -> dict[str, Any]:
    """The median of some repeats, after a first one that tells the memory."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    photo, route = file.read_bytes(), ROUTES[who]
    tiny = BytesIO()
    Image.new("RGB", (64, 48)).save(tiny, "JPEG")
    route(tiny.getvalue())  # libraries load what they need
    _forget_peak()
    before = psutil.Process().memory_info().rss
    small = route(photo)
    peak = _peak()
    walls, works = [], []
    for _ in range(REPEATS):
        wall, work = time.perf_counter(), time.process_time()
        route(photo)
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    return {
        "ms": median(walls) * 1000,
        "cpu_ms": median(works) * 1000,
        "peak_mb": peak / 1e6,
        "extra_mb": (peak - before) / 1e6,
        **_quality(photo, small),
    }


def _peak() -> int:
    """The most memory there was since it was forgotten, in bytes."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (told,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(told) * 1024


def _forget_peak() -> None:
    """Linux lets a program begin with the peak of the one that started it."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def _quality(photo: bytes, small: Small) -> dict[str, Any]:
    whole = luma_of(photo)
    told: dict[str, Any] = {}
    for name, picture in zip(("preview", "thumbnail"), small, strict=True):
        made = luma_of(picture)
        told[f"{name}_ssim"] = ssim(made, reduced(whole, *made.shape))
        told[f"{name}_kb"] = len(picture) / 1000
    return told


def _row(who: str, measured: list[dict[str, Any]]) -> dict[str, Any]:
    places = {"preview_ssim": 4, "thumbnail_ssim": 4, "ms": 0, "cpu_ms": 0}
    return {
        "who": who,
        **{name: round(median(one[name] for one in measured), places.get(name, 1)) for name in measured[0]},
    }


def _ratio(ours: dict[str, Any], theirs: dict[str, Any], figure: str) -> float:
    return round(float(ours[figure] / theirs[figure]), 3)


def _sandboxed(photo: bytes) -> dict[str, float]:
    """What the same takes as the API does it: the way into the sandbox and out of it included."""
    darkroom = LocalDarkroom()
    try:
        began = time.perf_counter()
        darkroom.strip(photo)
        started = time.perf_counter() - began
        times = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            darkroom.take_in(photo)
            times.append(time.perf_counter() - began)
    finally:
        darkroom.close()
    return {"sandbox_ms": round(median(times) * 1000), "sandbox_start_ms": round(started * 1000)}


if __name__ == "__main__":
    print(json.dumps(_alone(sys.argv[1], Path(sys.argv[2]))))
