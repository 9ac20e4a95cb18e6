"""Pages of lists as they were last sent, kept for whoever asks again before anything on them has changed."""

import time
from collections import OrderedDict
from typing import Final
from uuid import UUID

from msgspec import Struct

KEPT_SECONDS: Final = 60.0
"""No longer: what is on them is personal (docs/architecture.md, The event store)."""
KEPT_BYTES: Final = 32 * 2**20
"""Of all pages together."""

Place = tuple[str, UUID, int, int]
"""Of which list and whose the page is, before which position it begins, and how long it may be."""


class _Page(Struct, frozen=True):
    version: str
    until: float
    body: bytes


class Pages:
    """Whoever asks has just learnt from the database which version there is: nothing old is ever sent."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Place, _Page] = OrderedDict()
        self._bytes = 0

    def find(self, place: Place, version: str) -> bytes | None:
        """The page at this place, if it is this version that is kept."""
        page = self._pages.get(place)
        if page is None or page.version != version or page.until < time.monotonic():
            return None
        self._pages.move_to_end(place)
        return page.body

    def keep(self, place: Place, version: str, body: bytes) -> None:
        """Keep it in the place of an earlier version; those go first that were not asked for longest."""
        self._forget(place)
        self._pages[place] = _Page(version, time.monotonic() + KEPT_SECONDS, body)
        self._bytes += len(body)
        while self._bytes > KEPT_BYTES:
            self._forget(next(iter(self._pages)))

    def _forget(self, place: Place) -> None:
        if page := self._pages.pop(place, None):
            self._bytes -= len(page.body)
