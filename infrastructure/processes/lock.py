"""Keeps a folder to one process at a time, so that two runs on the same data cannot harm each other."""

import fcntl
import os
from pathlib import Path


class FolderInUse(Exception):
    """Another process, which may be None when it did not say, holds the folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        super().__init__(folder, pid)
        self.folder = folder
        self.pid = pid

    def __str__(self) -> str:
        who = f"process {self.pid}" if self.pid else "another process"
        return f"{self.folder} is in use by {who}; stop that one first"


class FolderLock:
    """An exclusive lock on a folder, let go by the kernel when its holder dies in whatever way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: int | None = None

    @property
    def held(self) -> bool:
        return self._file is not None

    def acquire(self) -> None:
        """Take the lock and leave our process id in it. Raises FolderInUse."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 20).decode()
            os.close(file)
            raise FolderInUse(self.folder, int(holder) if holder.isdigit() else None) from None
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file

    def release(self) -> None:
        """Let go. The file stays: removing it could split the lock in two."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None
