"""A stager whose every step a test can see and stop, and which some photos make kill its process."""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from application.stagers import Refusal, StagedPicture
from domain.brief import Brief, Preset
from tests.faults import photos
from tests.faults.photos import Fate

GLANCE = 0.01
"""Seconds between two looks whether it may go on."""


@dataclass(frozen=True)
class Begun:
    """One attempt to stage a photo."""

    original: str
    """SHA-256 of the photo's bytes, in hexadecimal."""
    pid: int
    """Of the worker that made it."""


class Journal:
    """A folder in which the stagers of all workers write down what they do, and are told to hold on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._begun, self._ended, self._held = folder / "begun", folder / "ended", folder / "held"
        for file in (self._begun, self._ended):
            file.touch()

    def begin(self, original: str) -> None:
        _append(self._begun, f"{original} {os.getpid()}\n")

    def end(self, original: str) -> None:
        _append(self._ended, f"{original} {os.getpid()}\n")

    def wait_until_let_go(self) -> None:
        while self._held.exists():
            time.sleep(GLANCE)

    def hold(self) -> None:
        """Whatever is being staged from now on stays so until it is let go."""
        self._held.touch()

    def let_go(self) -> None:
        self._held.unlink(missing_ok=True)

    @property
    def begun(self) -> list[Begun]:
        """Every attempt, in the order in which they began."""
        return [_parsed(line) for line in self._begun.read_text().splitlines()]

    @property
    def unfinished(self) -> Counter[Begun]:
        """The attempts that have not ended, or never will."""
        return Counter(self.begun) - Counter(map(_parsed, self._ended.read_text().splitlines()))


class WatchedStager:
    """Mirrors photos, unless their colour says otherwise. It takes so many milliseconds for each."""

    presets = frozenset({Preset.ENHANCE})

    def __init__(self, journal: Journal, milliseconds: int) -> None:
        self._journal = journal
        self._seconds = milliseconds / 1000

    def stage(self, photo: bytes, brief: Brief) -> StagedPicture:
        """Raises Refusal, or kills the process, if that is the photo's fate."""
        original = sha256(photo).hexdigest()
        self._journal.begin(original)
        fate = photos.fate_of(photo)
        if fate is Fate.POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self._seconds)  # as a provider would take its time
        self._journal.wait_until_let_go()
        self._journal.end(original)
        if fate is Fate.REFUSED:
            raise Refusal("safety")
        return StagedPicture(photos.staged(photo), "image/jpeg", engine="mirror", version=brief.preset.value)


def _append(file: Path, line: str) -> None:
    """In one write, so that lines of several processes never mix."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def _parsed(line: str) -> Begun:
    original, pid = line.split()
    return Begun(original, int(pid))
