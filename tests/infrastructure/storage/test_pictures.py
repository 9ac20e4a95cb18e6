"""A folder of pictures keeps nothing that nobody could find any more."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from obstore.exceptions import GenericError

from infrastructure.storage.pictures import ObjectPictures

ANN = UUID(int=1)
KEPT, PARTLY = b"a picture", b"a pic"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def left_by_a_killed_writer(folder: Path, kind: str, name: str) -> None:
    """The store writes under a name of its own, which it gives nobody, before it gives the file its name."""
    place = folder / "users" / str(ANN) / kind
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}#1").write_bytes(PARTLY)


def test_what_a_killed_writer_left_goes_with_its_picture(tmp_path: Path) -> None:
    pictures = ObjectPictures(tmp_path.as_uri())
    name = pictures.put(ANN, "originals", KEPT, "image/jpeg")
    other = pictures.put(ANN, "originals", KEPT + b"!", "image/jpeg")
    left_by_a_killed_writer(tmp_path, "originals", name)

    pictures.delete(ANN, "originals", name)

    assert [file.name for file in files(tmp_path)] == [other]


def test_what_a_killed_writer_left_goes_with_all_of_its_kind(tmp_path: Path) -> None:
    pictures = ObjectPictures(tmp_path.as_uri())
    pictures.put(ANN, "results/7", KEPT, "image/jpeg")
    left_by_a_killed_writer(tmp_path, "results/7", "a" * 64)

    assert pictures.clear(ANN, "results") == 1

    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "asked",
    [
        lambda pictures, name: pictures.get(ANN, "originals", name),
        lambda pictures, name: pictures.has(ANN, "originals", name),
        lambda pictures, _name: pictures.put(ANN, "originals", KEPT + b"!", "image/jpeg"),
        lambda pictures, name: pictures.delete(ANN, "originals", name),
        lambda pictures, _name: pictures.clear(ANN, "originals"),
        lambda pictures, _name: pictures.check(),
    ],
    ids=["get", "has", "put", "delete", "clear", "check"],
)
def test_a_folder_that_is_gone_is_a_store_that_is_away_and_is_not_made_again(
    asked: Callable[[ObjectPictures, str], object], tmp_path: Path
) -> None:
    folder, elsewhere = tmp_path / "pictures", tmp_path / "elsewhere"
    pictures = ObjectPictures(folder.as_uri())
    name = pictures.put(ANN, "originals", KEPT, "image/jpeg")
    folder.rename(elsewhere)

    with pytest.raises(GenericError):
        asked(pictures, name)

    elsewhere.rename(folder)
    assert pictures.get(ANN, "originals", name) == KEPT
