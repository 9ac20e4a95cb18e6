"""Finds a private folder for a server's Unix socket, wherever the project lies."""

import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

LONGEST = 100
"""Bytes of a socket's path: the kernel takes 107 on Linux, 103 on macOS."""

PLAIN = re.compile(r"[A-Za-z0-9/._+-]+")
"""What needs no quoting in a URL, a list of hosts or a server's settings."""


NOTE = "socket.folder"


def socket_folder(home: Path, socket: str) -> Path:
    """A folder that only its owner may enter, in which this file name makes a socket path that works.

    It is in `home` if that is short and plain; else a temporary one, which `home` remembers, so that a
    restarted server has the address that it had.
    """
    inside = home / "socket"
    path = str(inside / socket)
    if len(path.encode()) <= LONGEST and PLAIN.fullmatch(path):
        inside.mkdir(mode=0o700, exist_ok=True)
        return inside
    outside = _remembered(home) or Path(tempfile.mkdtemp(prefix="stage-", dir=_short_temporary(socket)))
    (home / NOTE).write_text(str(outside))
    return outside


def remove_socket_folder(home: Path) -> None:
    """Delete the temporary folder that `home` remembers, if any."""
    if outside := _remembered(home):
        shutil.rmtree(outside)


def _remembered(home: Path) -> Path | None:
    note = home / NOTE
    return outside if note.exists() and _private(outside := Path(note.read_text())) else None


def _private(folder: Path) -> bool:
    """Whether it is (still) ours alone: in a shared place, anybody could have made one of its name."""
    if not os.path.lexists(folder):
        return False
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _short_temporary(socket: str) -> str:
    usual = tempfile.gettempdir()
    longest = f"{usual}/stage-xxxxxxxx/{socket}"
    return usual if len(longest.encode()) <= LONGEST and PLAIN.fullmatch(longest) else "/tmp"  # noqa: S108 - mkdtemp
