"""Pictures for workers, who wait for a store that is away: what a provider made for money must not be lost."""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog
from obstore.exceptions import GenericError

from infrastructure.storage.pictures import ObjectPictures

HELD = 60.0
"""Seconds for which a picture waits for a store that is away, or for room on its disk; then the attempt fails."""
_PAUSE = 0.25
"""Seconds between two tries."""

Answer = TypeVar("Answer")

log = structlog.get_logger()


class PatientPictures(ObjectPictures):
    """A folder fails at once when its disk is full or not mounted; buckets are asked again by their client."""

    def __init__(self, url: str, *, held: float = HELD) -> None:
        super().__init__(url)
        self._held = held

    def keep(self, owner: UUID, kind: str, name: str, picture: bytes, media_type: str) -> None:
        self._patiently(partial(super().keep, owner, kind, name, picture, media_type))

    def get(self, owner: UUID, kind: str, sha256: str) -> bytes:
        return self._patiently(partial(super().get, owner, kind, sha256))

    def _patiently(self, act: Callable[[], Answer]) -> Answer:
        deadline = time.monotonic() + self._held
        waits = False
        while True:
            try:
                return act()
            except GenericError as error:
                if time.monotonic() > deadline:
                    raise
                if not waits:
                    log.warning("pictures.waiting", error=str(error).partition("\n")[0])
                waits = True
                time.sleep(_PAUSE)
