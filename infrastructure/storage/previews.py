"""Small and labelled versions of originals and results: kept beside them, and made when missing."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from application.errors import PictureNotFound
from application.pictures import ORIGINALS, SMALL_MEDIA_TYPE, previews_of, results_of, small_originals
from domain.brief import Label
from domain.pictures import PictureKind
from infrastructure.imaging.local_darkroom import LocalDarkroom
from infrastructure.storage.pictures import KeptPicture, ObjectPictures, OpenPicture

R = TypeVar("R")

MEDIA_TYPE = SMALL_MEDIA_TYPE
WHOLE = 1_000_000
"""A size that no picture has: nothing is made smaller."""


class Previews:
    """As many are made at once as there are cores; the others wait without holding a thread."""

    def __init__(self, pictures: ObjectPictures, darkroom: LocalDarkroom) -> None:
        self._pictures = pictures
        self._darkroom = darkroom
        self._turns = asyncio.Semaphore(os.cpu_count() or 1)

    def of(self, owner: UUID, job_id: UUID, kind: PictureKind, sha256: str, size: int) -> "Preview":
        """A JPEG of the picture with this SHA-256, `size` pixels on its longest side or fewer."""
        return Preview(self, _Wanted(owner, job_id, kind, sha256, size))

    def labelled(self, owner: UUID, job_id: UUID, sha256: str, label: Label, size: int) -> "Preview":
        """The result with this SHA-256 as a JPEG with its label burned in."""
        return Preview(self, _Wanted(owner, job_id, PictureKind.RESULTS, sha256, size, label))

    async def asked(self, wanted: "_Wanted", about: Callable[[KeptPicture], Awaitable[R]]) -> R:
        """What the store answers about this one, which is made first if it is not there."""
        kept = KeptPicture(self._pictures, wanted.owner, wanted.place, wanted.sha256)
        try:
            return await about(kept)
        except PictureNotFound:
            async with self._turns:
                await asyncio.to_thread(self._make, wanted)
            return await about(kept)

    def _make(self, wanted: "_Wanted") -> None:
        owner, place, sha256 = wanted.owner, wanted.place, wanted.sha256
        if self._pictures.has(owner, place, sha256):  # somebody was faster
            return
        source = self._pictures.get(owner, wanted.source, sha256)
        if wanted.label:
            preview = self._darkroom.label(source, wanted.label, wanted.size)
        else:
            preview = self._darkroom.preview(source, wanted.size)
        self._pictures.keep(owner, place, sha256, preview, MEDIA_TYPE)
        if not self._pictures.has(owner, wanted.source, sha256):  # it was removed meanwhile, and so goes this
            self._pictures.delete(owner, place, sha256)
            raise PictureNotFound(sha256)


@dataclass(frozen=True)
class Preview:
    """One that is there as soon as it is asked for, as long as what it shows is."""

    previews: Previews
    wanted: "_Wanted"

    @property
    def owner(self) -> UUID:
        return self.wanted.owner

    async def size(self) -> int:
        return await self.previews.asked(self.wanted, KeptPicture.size)

    async def open(self, part: tuple[int, int] | None = None) -> OpenPicture:
        return await self.previews.asked(self.wanted, lambda kept: kept.open(part))

    async def pieces(self) -> AsyncIterator[bytes]:
        async for piece in (await self.open()).pieces:
            yield piece


@dataclass(frozen=True)
class _Wanted:
    owner: UUID
    job_id: UUID
    kind: PictureKind
    sha256: str
    size: int
    label: Label | None = None

    @property
    def source(self) -> str:
        return ORIGINALS if self.kind is PictureKind.ORIGINALS else results_of(self.job_id)

    @property
    def place(self) -> str:
        if self.kind is PictureKind.ORIGINALS:
            return small_originals(self.size)
        labelled = f"{self.label.name.lower()}-" if self.label else ""
        return f"{previews_of(self.job_id)}/{labelled}{self.size}"
