"""What every object store does."""

from hashlib import sha256
from uuid import UUID

import pytest

from application.errors import PictureNotFound
from application.ports import Pictures

ANN, BOB = UUID(int=1), UUID(int=2)
PICTURE = b"\xff\xd8 a picture \x00" * 10


def test_a_picture_is_named_for_its_content(pictures: Pictures) -> None:
    name = pictures.put(ANN, "originals", PICTURE, "image/jpeg")
    assert name == sha256(PICTURE).hexdigest()
    assert pictures.get(ANN, "originals", name) == PICTURE


def test_storing_it_again_changes_nothing(pictures: Pictures) -> None:
    names = {pictures.put(ANN, "originals", PICTURE, "image/jpeg") for _ in range(2)}
    assert [pictures.get(ANN, "originals", name) for name in names] == [PICTURE]


def test_a_picture_is_its_owners_and_of_one_kind(pictures: Pictures) -> None:
    name = pictures.put(ANN, "originals", PICTURE, "image/jpeg")
    for owner, kind, sought in [
        (BOB, "originals", name),
        (ANN, "results", name),
        (ANN, "originals", "00" * 32),
    ]:
        with pytest.raises(PictureNotFound) as missing:
            pictures.get(owner, kind, sought)
        assert missing.value.sha256 == sought


async def test_a_picture_comes_in_pieces(pictures: Pictures) -> None:
    large = bytes(range(256)) * 12_000
    name = pictures.put(ANN, "results", large, "image/jpeg")
    pieces = [piece async for piece in pictures.stream(ANN, "results", name)]
    assert len(pieces) > 1
    assert b"".join(pieces) == large


async def test_what_is_not_there_cannot_be_streamed(pictures: Pictures) -> None:
    with pytest.raises(PictureNotFound):
        await anext(pictures.stream(ANN, "results", "00" * 32))


def test_it_tells_what_is_there(pictures: Pictures) -> None:
    name = pictures.put(ANN, "originals", PICTURE, "image/jpeg")
    assert pictures.has(ANN, "originals", name)
    assert not pictures.has(BOB, "originals", name)
    assert not pictures.has(ANN, "originals", "00" * 32)


def test_what_is_deleted_is_gone_and_may_be_deleted_and_stored_again(pictures: Pictures) -> None:
    name = pictures.put(ANN, "originals", PICTURE, "image/jpeg")
    bobs = pictures.put(BOB, "originals", PICTURE, "image/jpeg")
    for _ in range(2):
        pictures.delete(ANN, "originals", name)
        assert not pictures.has(ANN, "originals", name)
    assert pictures.get(BOB, "originals", bobs) == PICTURE
    assert pictures.get(ANN, "originals", pictures.put(ANN, "originals", PICTURE, "image/jpeg")) == PICTURE


def test_a_kind_is_cleared_without_touching_its_neighbours(pictures: Pictures) -> None:
    for number in range(3):
        pictures.put(ANN, "results/1", PICTURE + bytes([number]), "image/jpeg")
    others = [
        (owner, kind, pictures.put(owner, kind, PICTURE, "image/jpeg"))
        for owner, kind in [(BOB, "results/1"), (ANN, "results/12"), (ANN, "originals")]
    ]
    assert pictures.clear(ANN, "results/1") == 3
    assert pictures.clear(ANN, "results/1") == 0
    assert all(pictures.has(*other) for other in others)


def test_all_of_an_owner_is_cleared_and_nothing_of_anothers(pictures: Pictures) -> None:
    kinds = ("originals", "results/1", "previews/originals/200")
    for owner in (ANN, BOB):
        for kind in kinds:
            pictures.put(owner, kind, PICTURE, "image/jpeg")
    assert (pictures.clear(ANN), pictures.clear(ANN)) == (3, 0)
    assert all(pictures.has(BOB, kind, sha256(PICTURE).hexdigest()) for kind in kinds)
