"""The darkroom on photos of 12 megapixels and one core: how long it takes, and how much memory."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from infrastructure.imaging.darkroom import enhance
from infrastructure.imaging.decoding import image_of, open_photo, pixels_of, upright_srgb

WIDTH, HEIGHT = 4000, 3000
ROUNDS = 5
SAMPLES = Path(__file__).parents[1] / "samples"
GRAIN = {"living-room": 4.0, "bedroom": 1.0, "kitchen": 0.5}
"""What each sample is given when it is enlarged, as a standard deviation in 8-bit steps."""


def run() -> dict[str, Any]:
    """`seconds` and `peak_mb` are those of the sample that takes most; a row for each tells more."""
    with tempfile.TemporaryDirectory() as folder:
        photos = [_measured(name, _enlarged(name, Path(folder))) for name in GRAIN]
    return {
        "seconds": max(photo["seconds"] for photo in photos),
        "peak_mb": max(photo["peak_mb"] for photo in photos),
        "megapixels": WIDTH * HEIGHT / 1e6,
        "photos": photos,
    }


def _enlarged(name: str, folder: Path) -> Path:
    """A sample at the size of a phone's photo, with grain so that its details are those of a camera."""
    sample = upright_srgb(open_photo((SAMPLES / f"{name}.jpg").read_bytes()))
    large = pixels_of(sample.resize(WIDTH / sample.width, vscale=HEIGHT / sample.height).copy_memory())
    rng = np.random.default_rng(12)
    grain = rng.standard_normal(large.shape, np.float32) * np.float32(GRAIN[name])
    photo = folder / f"{name}.jpg"
    image_of(np.clip(large + grain, 0, 255).astype(np.uint8)).jpegsave(str(photo), Q=92)
    return photo


def _measured(name: str, photo: Path) -> dict[str, Any]:
    """In a process of its own that has one core, so that nothing else is in its memory."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.darkroom", str(photo)],
        env={**os.environ, "VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1"},
        cwd=SAMPLES.parent,
        capture_output=True,
        check=True,
        timeout=300,
    )
    return {"photo": name, **json.loads(done.stdout)}


def _alone(photo: bytes) -> dict[str, Any]:
    """The median of some rounds, after a first one that does not count."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    before = _peak()
    enhance(photo)
    walls, works = [], []
    for _ in range(ROUNDS):
        wall, work = time.perf_counter(), time.process_time()
        enhance(photo)
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    return {
        "seconds": round(median(walls), 2),
        "cpu_seconds": round(median(works), 2),
        "peak_mb": round(_peak()),
        "extra_mb": round(_peak() - before),
    }


def _peak() -> float:
    """The most memory that this process ever had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count what the parent had when it started us
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    print(json.dumps(_alone(Path(sys.argv[1]).read_bytes())))
