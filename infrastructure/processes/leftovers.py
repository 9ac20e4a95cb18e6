"""Remembers which processes a run has started, so that the next run can end those that outlived it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil
import structlog

from infrastructure.processes.ending import end, runs

MARK = "STAGE_PROCESSES"
"""The environment variable by which our processes, and those that they start, are known."""

CLOCK_DRIFT = 1.0
"""Seconds by which two readings of one process's start may differ, as clocks are set while it runs."""

log = structlog.get_logger()


class Started(msgspec.Struct, frozen=True):
    """A process that was started. A pid is given to others again, pid and start together are not."""

    name: str
    pid: int
    at: float

    def is_(self, process: psutil.Process) -> bool:
        started: float = process.create_time()
        return process.pid == self.pid and abs(started - self.at) < CLOCK_DRIFT


class _Kept(msgspec.Struct):
    mark: str
    started: list[Started]


class Leftovers:
    """A file that names the processes started for a folder; its user holds that folder's lock."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = self._read()
        self._write()  # the mark is on disk before any process carries it

    @property
    def mark(self) -> dict[str, str]:
        """What our processes carry in their environment."""
        return {MARK: self._kept.mark}

    def add(self, name: str, pid: int) -> None:
        self._kept.started.append(Started(name, pid, psutil.Process(pid).create_time()))
        self._write()

    def remove(self, pid: int) -> None:
        self._kept.started = [started for started in self._kept.started if started.pid != pid]
        self._write()

    def end(self, *, within: float = 5) -> list[str]:
        """End what an earlier run left, by SIGTERM and after `within` seconds by SIGKILL; their names."""
        left = self._left()
        end(left, within=within)
        if left:
            log.warning("processes.leftovers_ended", names=sorted(left.values()))
        self._kept.started = []
        self._write()
        return sorted(left.values())

    def _left(self) -> dict[psutil.Process, str]:
        """Those named in the file, and all with our mark: what they started, and what was not noted yet."""
        ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
        left = {}
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # gone, or somebody else's: not ours
                named = next((started.name for started in self._kept.started if started.is_(process)), None)
                if process.pid in ours or not runs(process):
                    continue
                if named or process.environ().get(MARK) == self._kept.mark:
                    left[process] = named or process.name()
        return left

    def _read(self) -> _Kept:
        with suppress(FileNotFoundError, msgspec.DecodeError):  # new, or cut short when the machine went down
            return msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        return _Kept(secrets.token_hex(16), [])

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self._kept))
        new.replace(self._file)
