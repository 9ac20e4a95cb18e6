"""What people write after PHOTOS=, and the files that they mean."""

from pathlib import Path

import pytest

from interfaces.cli.named_files import named_files

NAMES = ("a.jpg", "b.jpg", "my house.jpg", "it's.jpg", "[1].jpg", "$5 & more.jpg")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("", []),
        (" ", []),
        ("a.jpg", ["a.jpg"]),
        ("a.jpg  ./b.jpg a.jpg", ["a.jpg", "b.jpg", "a.jpg"]),
        ("'my house.jpg' b.jpg", ["my house.jpg", "b.jpg"]),
        ("my\\ house.jpg", ["my house.jpg"]),
        ('"it\'s.jpg" a.jpg', ["it's.jpg", "a.jpg"]),
        ("?.jpg", ["a.jpg", "b.jpg"]),
        ("[1].jpg a.jpg", ["[1].jpg", "a.jpg"]),
        ("nothing-*.jpg none.jpg", ["nothing-*.jpg", "none.jpg"]),
        ("it's.jpg a.jpg", ["it's.jpg", "a.jpg"]),
        *((name, [name]) for name in NAMES),
    ],
)
def test_a_line_names_its_files(line: str, names: list[str]) -> None:
    assert named_files(line) == [Path(name) for name in names]


def test_absolute_names_and_patterns_and_those_in_the_home_folder_are_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))

    assert named_files(f"{folder}/?.jpg ~/a.jpg") == [folder / "a.jpg", folder / "b.jpg", folder / "a.jpg"]
