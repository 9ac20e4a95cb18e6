"""A photo that arrives is in its file, whole and known by its hash, or nowhere."""

import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from application.photos import PHOTO_BYTES, PhotoTooLarge
from interfaces.rest.arriving import PIECE, PhotoFile, hands
from interfaces.rest.errors.faults import Unavailable


@pytest.fixture
def file() -> Iterator[PhotoFile]:
    with TemporaryFile(buffering=0) as nameless:
        yield PhotoFile(nameless)


@pytest.fixture
def full() -> Iterator[PhotoFile]:
    with Path("/dev/full").open("wb", buffering=0) as file:
        yield PhotoFile(file)


@pytest.mark.parametrize("sizes", [[], [1], [PIECE], [PIECE - 1, 2], [7] * 50_000, [3 * PIECE, 1]])
async def test_what_arrives_in_pieces_is_kept_as_one(file: PhotoFile, sizes: list[int]) -> None:
    pieces = [bytes([number % 251]) * size for number, size in enumerate(sizes)]

    for piece in pieces:
        await file.add(piece)
    await file.written()

    assert file.content() == b"".join(pieces)
    assert file.sha256 == sha256(b"".join(pieces)).hexdigest()


async def test_no_more_arrives_than_a_photo_may_have(file: PhotoFile) -> None:
    await file.add(bytes(PHOTO_BYTES))

    with pytest.raises(PhotoTooLarge):
        await file.add(b"x")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a disk that is always full")
async def test_a_full_disk_is_no_fault_of_the_photo(full: PhotoFile) -> None:
    with pytest.raises(Unavailable):
        await full.add(bytes(PIECE))


@pytest.mark.parametrize(("threads", "most"), [(2, 1), (3, 1), (4, 2), (1, 1)])
def test_hands_leave_threads_for_others(threads: int, most: int) -> None:
    assert hands(threads) == most
