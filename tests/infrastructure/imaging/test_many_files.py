"""Hundreds of odd and damaged files: each is taken and shown as it is meant, or refused by name and leaves nothing.

`MANY=40 python -m pytest tests/infrastructure/imaging/test_many_files.py` makes that many times as many.
"""

import io
import os
import random
import time
import zipfile
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from PIL import Image

from application.photos import PhotoRejected
from application.pictures import PREVIEW, small_originals
from infrastructure.imaging.local_darkroom import LocalDarkroom
from tests.application.people import ANN
from tests.fakes.bootstrap import Program
from tests.infrastructure.imaging.files import exif, heic, jpeg, picture, png, webp

TIMES = int(os.environ.get("MANY", "1"))
SECONDS = 5.0
"""That no file of these may take, on a busy machine: the largest whole one has a fiftieth of the pixels allowed."""

LIMITS = (0, 1, 0x7F, 0x80, 0xFF)
"""Bytes that lengths and counts are often wrong at."""

BASES: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: jpeg(exif=exif(6)),
    "progressive jpeg": lambda: jpeg(progressive=True),
    "grey jpeg": lambda: jpeg(picture(mode="L")),
    "cmyk jpeg": lambda: jpeg(picture(mode="CMYK")),
    "png": png,
    "transparent png": lambda: png(picture(mode="RGBA")),
    "grey 16-bit png": lambda: png(picture(mode="I;16")),
    "palette png": lambda: png(picture(mode="P")),
    "lossy webp": webp,
    "lossless webp": lambda: webp(lossless=True),
    "transparent webp": lambda: webp(picture(mode="RGBA")),
    "heic": heic,
}


@pytest.fixture(scope="module")
def darkroom() -> Iterator[LocalDarkroom]:
    darkroom = LocalDarkroom()
    yield darkroom
    darkroom.close()


def damaged(photo: bytes, rng: random.Random) -> Iterator[bytes]:
    """Cut off at every place where something begins, changed in the head and anywhere, and dressed up."""
    beginnings = [at for at in range(len(photo) - 1) if photo[at] == 0xFF or photo[at : at + 4].isalpha()]
    for at in rng.sample(beginnings, min(len(beginnings), 12 * TIMES)):
        yield photo[:at]
    for reach in (64, 512, len(photo)):
        for _ in range(6 * TIMES):
            changed = bytearray(photo)
            for _ in range(rng.randrange(1, 6)):
                changed[rng.randrange(min(reach, len(photo)))] = rng.choice(
                    (0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256))
                )
            yield bytes(changed)
    for _ in range(3 * TIMES):
        first, last = sorted(rng.sample(range(len(photo)), 2))
        yield photo[:first] + photo[last:]
        yield photo[:first] + photo[first:last] * 2 + photo[last:]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("evil.html", "<script>alert(1)</script>")
    yield photo + archive.getvalue()
    yield b"<html><script>alert(1)</script>" + photo
    yield b"%PDF-1.7\n" + photo
    yield photo + photo


@pytest.mark.parametrize("kind", BASES)
def test_a_file_is_shown_as_it_is_meant_or_refused_and_leaves_nothing(
    darkroom: LocalDarkroom, kind: str
) -> None:
    rng = random.Random(kind)
    photo = BASES[kind]()
    assert taken(darkroom, photo)  # as it is, it is taken
    outcomes = [taken(darkroom, file) for file in damaged(photo, rng)]
    assert outcomes.count(False) > len(outcomes) / 4  # damage is found


def taken(darkroom: LocalDarkroom, file: bytes) -> bool:
    program = Program(darkroom=darkroom)
    began = time.monotonic()
    try:
        upload = program.uploads.add(UUID(int=1), user_id=ANN, name="a.jpg", photo=file)
    except PhotoRejected:
        assert (program.pictures.stored, program.world.uploads) == ({}, {})
        return False
    finally:
        assert time.monotonic() - began < SECONDS
    preview = program.pictures.get(ANN, small_originals(PREVIEW), upload.sha256)
    with Image.open(io.BytesIO(preview)) as shown:
        shown.load()
        assert (shown.format, shown.mode) == ("JPEG", "RGB")
        assert shown.getexif().get(0x0112, 1) == 1
        scale = min(1.0, PREVIEW / max(upload.facts.width, upload.facts.height))
        assert shown.width == pytest.approx(upload.facts.width * scale, abs=1)
        assert shown.height == pytest.approx(upload.facts.height * scale, abs=1)
    return True
