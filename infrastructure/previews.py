"""Small versions of originals and results: made when somebody first wants one, and kept beside the pictures."""

import asyncio
import os
from uuid import UUID

from application.errors import PictureNotFound
from application.pictures import ORIGINALS, previews_of, results_of
from domain.pictures import PictureKind
from infrastructure.imaging.local_darkroom import LocalDarkroom
from infrastructure.pictures import ObjectPictures

MEDIA_TYPE = "image/jpeg"


class Previews:
    """As many are made at once as there are cores; the others wait without holding a thread."""

    def __init__(self, pictures: ObjectPictures, darkroom: LocalDarkroom) -> None:
        self._pictures = pictures
        self._darkroom = darkroom
        self._turns = asyncio.Semaphore(os.cpu_count() or 1)

    async def get(self, owner: UUID, job_id: UUID, kind: PictureKind, sha256: str, size: int) -> bytes:
        """A JPEG of the picture with this SHA-256, `size` pixels on its longest side or fewer.

        Raises PictureNotFound.
        """
        place = f"{previews_of(job_id, kind)}/{size}"
        try:
            return await asyncio.to_thread(self._pictures.get, owner, place, sha256)
        except PictureNotFound:
            async with self._turns:
                return await asyncio.to_thread(self._made, owner, job_id, kind, sha256, size)

    def _made(self, owner: UUID, job_id: UUID, kind: PictureKind, sha256: str, size: int) -> bytes:
        place = f"{previews_of(job_id, kind)}/{size}"
        if self._pictures.has(owner, place, sha256):  # somebody was faster
            return self._pictures.get(owner, place, sha256)
        source = ORIGINALS if kind is PictureKind.ORIGINALS else results_of(job_id)
        preview = self._darkroom.preview(self._pictures.get(owner, source, sha256), size)
        self._pictures.keep(owner, place, sha256, preview, MEDIA_TYPE)
        if not self._pictures.has(owner, source, sha256):  # it was removed meanwhile, and so goes this
            self._pictures.delete(owner, place, sha256)
            raise PictureNotFound(sha256)
        return preview
