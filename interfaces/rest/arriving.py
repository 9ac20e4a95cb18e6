"""Photos that arrive: they wait on disk for their turn, so that memory does not grow with their number."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from io import FileIO
from tempfile import TemporaryFile
from typing import Final
from uuid import UUID

from application.photos import PHOTO_BYTES, PhotoTooLarge
from interfaces.rest.deadlines import WORKING_ON_PICTURES, allow
from interfaces.rest.errors.faults import Unavailable
from interfaces.rest.threads import to_its_end
from interfaces.rest.turns import Turns

PLACES: Final = 100
"""Photos of which a process has a file at once, arriving or waiting; the next ones are not read meanwhile."""
PLACES_EACH: Final = 32
"""Of one user's: a job's thirty and some."""
PIECE: Final = 256 * 1024
"""Bytes that are written at a time."""
WAITING_FOR_A_PLACE, WAITING_FOR_A_HAND = 30.0, 40.0
"""Seconds at the most."""


def hands(threads: int) -> int:
    """How many photos are taken in at once: two a core, as half of it is waiting, and by half of the threads."""
    return max(1, min(2 * (os.cpu_count() or 1), threads // 2))


class PhotoFile:
    """The bytes of one photo, written as they arrive."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._pending = bytearray()
        self._hash = sha256()
        self._size = 0

    async def add(self, piece: bytes | bytearray) -> None:
        """Raises PhotoTooLarge, or Unavailable where the disk is full."""
        self._size += len(piece)
        if self._size > PHOTO_BYTES:
            raise PhotoTooLarge
        self._pending += piece
        if len(self._pending) >= PIECE:
            await self.written()

    async def written(self) -> None:
        """All that was added is in the file. Raises Unavailable."""
        pending, self._pending = self._pending, bytearray()
        try:
            await to_its_end(self._write, pending)
        except OSError:
            raise Unavailable from None

    @property
    def sha256(self) -> str:
        """Of what is in the file."""
        return self._hash.hexdigest()

    def content(self) -> bytes:
        """What is in the file."""
        self._file.seek(0)
        return self._file.read()

    def _write(self, piece: bytearray) -> None:
        self._hash.update(piece)
        view = memoryview(piece)
        while view:
            view = view[self._file.write(view) :]


class Arrivals:
    """Where photos arrive in this process, and who takes them in.

    Only hands have a photo in memory, so it is never more than a few that are there at once.
    """

    def __init__(self, hands: int) -> None:
        self._places = Turns(PLACES, each=PLACES_EACH, patience=WAITING_FOR_A_PLACE)
        self.hands = Turns(hands, patience=WAITING_FOR_A_HAND)

    @asynccontextmanager
    async def photo(self, who: UUID) -> AsyncIterator[PhotoFile]:
        """A file for a photo of this user's. Raises Busy."""
        allow(WORKING_ON_PICTURES)
        async with self._places.turn(who):
            with TemporaryFile(buffering=0) as nameless:  # it goes when it is closed
                yield PhotoFile(nameless)
