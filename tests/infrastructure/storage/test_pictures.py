"""A folder of pictures keeps nothing that nobody could find any more."""

from pathlib import Path
from uuid import UUID

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
