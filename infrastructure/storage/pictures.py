"""Pictures in an object store, each under its owner and the SHA-256 of its bytes."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256 as digest
from typing import Protocol
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore

from application.errors import PictureNotFound
from infrastructure.storage.object_store import folder_of, object_store, there

PIECE = 256 * 1024
"""Bytes read at a time."""


@dataclass(frozen=True)
class OpenPicture:
    size: int
    """Of the whole picture, in bytes."""
    pieces: AsyncIterator[bytes]
    """Of about PIECE bytes each."""


class StoredPicture(Protocol):
    """One picture of the store's, to be sent."""

    @property
    def owner(self) -> UUID: ...

    async def size(self) -> int:
        """In bytes. Raises PictureNotFound."""
        ...

    async def open(self, part: tuple[int, int] | None = None) -> OpenPicture:
        """All of it, or its bytes from the first number to before the second. Raises PictureNotFound."""
        ...


class ObjectPictures:
    """A bucket of s3://, gs:// or az://, or a folder of file://, laid out `users/<owner>/<kind>/<sha256>`.

    A bucket's credentials come from its provider's usual environment variables.
    """

    def __init__(self, url: str) -> None:
        self._opened = object_store(url)

    @property
    def _store(self) -> ObjectStore:
        return there(self._opened)

    def put(self, owner: UUID, kind: str, picture: bytes, media_type: str) -> str:
        """Store it whole or not at all; its SHA-256. Storing it again leaves the first as it is."""
        sha256 = digest(picture).hexdigest()
        self.keep(owner, kind, sha256, picture, media_type)
        return sha256

    def keep(self, owner: UUID, kind: str, name: str, picture: bytes, media_type: str) -> None:
        """The same under a name of its own, for what follows from another picture: that one's SHA-256."""
        # A local folder has nowhere to keep a media type; the read models know it anyway.
        attributes = None if isinstance(self._opened, LocalStore) else {"Content-Type": media_type}
        with suppress(AlreadyExistsError):  # the same name is the same bytes
            obstore.put(self._store, _path(owner, kind, name), picture, mode="create", attributes=attributes)

    def get(self, owner: UUID, kind: str, sha256: str) -> bytes:
        """The whole picture. Raises PictureNotFound."""
        try:
            return bytes(obstore.get(self._store, _path(owner, kind, sha256)).bytes())
        except FileNotFoundError:
            raise PictureNotFound(sha256) from None

    def has(self, owner: UUID, kind: str, sha256: str) -> bool:
        try:
            obstore.head(self._store, _path(owner, kind, sha256))
        except FileNotFoundError:
            return False
        return True

    async def size(self, owner: UUID, kind: str, sha256: str) -> int:
        """In bytes. Raises PictureNotFound."""
        try:
            return (await obstore.head_async(self._store, _path(owner, kind, sha256)))["size"]
        except FileNotFoundError:
            raise PictureNotFound(sha256) from None

    async def open(
        self, owner: UUID, kind: str, sha256: str, part: tuple[int, int] | None = None
    ) -> "OpenPicture":
        """The picture, or of its bytes from the first number to before the second. Raises PictureNotFound."""
        options: obstore.GetOptions = {"range": part} if part else {}
        try:
            found = await obstore.get_async(self._store, _path(owner, kind, sha256), options=options)
        except FileNotFoundError:
            raise PictureNotFound(sha256) from None
        return OpenPicture(found.meta["size"], _pieces(found))

    async def stream(self, owner: UUID, kind: str, sha256: str) -> AsyncIterator[bytes]:
        """The picture in pieces of about PIECE bytes. Raises PictureNotFound before the first."""
        async for piece in (await self.open(owner, kind, sha256)).pieces:
            yield piece

    def delete(self, owner: UUID, kind: str, sha256: str) -> None:
        """Whether it was there or not, it is gone afterwards."""
        with suppress(FileNotFoundError):
            obstore.delete(self._store, _path(owner, kind, sha256))
        self._delete_unfinished(f"users/{owner}/{kind}", f"{sha256}#*")

    def clear(self, owner: UUID, kind: str | None = None) -> int:
        """Delete all of the owner's pictures, or those of this kind and of kinds beneath it; how many there were."""
        place = f"users/{owner}/{kind}" if kind else f"users/{owner}"
        listed = obstore.list(self._store, prefix=place)
        paths = [found["path"] for some in listed for found in some]
        if paths:
            obstore.delete(self._store, paths)
        self._delete_unfinished(place, "**/*#*")
        return len(paths)

    def _delete_unfinished(self, place: str, pattern: str) -> None:
        """What was being written into a folder when its writer died: the store never lists it again.

        Whoever is writing just now fails, as if what they write had been deleted a moment later.
        """
        if isinstance(self._opened, LocalStore):
            for unfinished in (folder_of(self._opened) / place).glob(pattern):
                unfinished.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise whatever the store raises when it cannot be reached."""
        next(iter(obstore.list(self._store, prefix="users", chunk_size=1)), None)


@dataclass(frozen=True)
class KeptPicture:
    """One that is there already."""

    pictures: ObjectPictures
    owner: UUID
    kind: str
    sha256: str

    async def size(self) -> int:
        return await self.pictures.size(self.owner, self.kind, self.sha256)

    async def open(self, part: tuple[int, int] | None = None) -> OpenPicture:
        return await self.pictures.open(self.owner, self.kind, self.sha256, part)


async def _pieces(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=PIECE):
        yield bytes(piece)


def _path(owner: UUID, kind: str, sha256: str) -> str:
    return f"users/{owner}/{kind}/{sha256}"
