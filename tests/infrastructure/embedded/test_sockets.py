"""A socket's folder has a path that every program can use, and is nobody else's."""

import stat
import tempfile
from pathlib import Path

import pytest

from infrastructure.embedded.sockets import LONGEST, remove_socket_folder, socket_folder

SOCKET = "valkey.sock"


def test_a_short_plain_home_has_it_inside() -> None:
    with tempfile.TemporaryDirectory(prefix="stage-test-") as home:
        assert socket_folder(Path(home), SOCKET) == Path(home) / "socket"


@pytest.mark.parametrize("name", ["long" * 60, "a,list", "per%cent", "two words"])
def test_another_home_remembers_a_temporary_one(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    folder = socket_folder(home, SOCKET)
    assert len(str(folder / SOCKET)) <= LONGEST
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert socket_folder(home, SOCKET) == folder
    remove_socket_folder(home)
    assert not folder.exists()


@pytest.mark.parametrize("taken_by", ["nobody", "a link", "a folder that others may enter"])
def test_a_remembered_folder_is_not_used_when_it_is_no_longer_ours_alone(
    tmp_path: Path, taken_by: str
) -> None:
    home = tmp_path / "a,home"
    home.mkdir()
    folder = socket_folder(home, SOCKET)
    folder.rmdir()
    if taken_by == "a link":
        folder.symlink_to(tmp_path)
    elif taken_by == "a folder that others may enter":
        folder.mkdir(mode=0o755)
    another = socket_folder(home, SOCKET)
    assert another != folder
    remove_socket_folder(home)
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        folder.rmdir()
