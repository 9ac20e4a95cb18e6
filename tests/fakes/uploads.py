"""Upload records and the object store, in memory."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from application.errors import ConcurrentChange, PictureNotFound
from application.ports import Clock, Upload
from tests.fakes.world import World


@dataclass(frozen=True)
class MemoryUploadRecords:
    world: World
    clock: Clock

    def add(self, upload: Upload) -> None:
        self.world.uploads.setdefault(upload.upload_id, upload)

    def find(self, user_id: UUID, upload_id: UUID) -> Upload | None:
        upload = self.world.uploads.get(upload_id)
        return upload if upload and upload.user_id == user_id else None

    def find_many(self, user_id: UUID, upload_ids: Collection[UUID]) -> dict[UUID, Upload]:
        found = [self.find(user_id, upload_id) for upload_id in upload_ids]
        return {upload.upload_id: upload for upload in found if upload}

    def take_all(self, upload_ids: Collection[UUID], job_id: UUID) -> None:
        with self.world.turn:
            if not all(self._free(upload_id, job_id) for upload_id in upload_ids):
                raise ConcurrentChange
            for upload_id in upload_ids:
                self.world.uploads[upload_id] = replace(self.world.uploads[upload_id], job_id=job_id)

    def unused(self, *, limit: int) -> list[Upload]:
        waited = [upload for upload in self.world.uploads.values() if upload.job_id is None]
        expired = [upload for upload in waited if upload.expires_at <= self.clock.now()]
        return sorted(expired, key=lambda upload: upload.expires_at)[:limit]

    def forget(self, upload_ids: Collection[UUID], *, taken_by: UUID | None) -> None:
        with self.world.turn:
            for upload_id in upload_ids:
                upload = self.world.uploads.get(upload_id)
                if upload and upload.job_id == taken_by:
                    del self.world.uploads[upload_id]

    def _free(self, upload_id: UUID, job_id: UUID) -> bool:
        upload = self.world.uploads.get(upload_id)
        if upload is None:
            return False
        return upload.job_id == job_id or (upload.job_id is None and upload.expires_at > self.clock.now())


@dataclass(frozen=True)
class Picture:
    picture: bytes
    media_type: str


class MemoryPictures:
    """Outside of any transaction, as every object store is."""

    def __init__(self) -> None:
        self.stored: dict[tuple[UUID, str, str], Picture] = {}

    def put(self, owner: UUID, kind: str, picture: bytes, media_type: str) -> str:
        name = sha256(picture).hexdigest()
        self.keep(owner, kind, name, picture, media_type)
        return name

    def keep(self, owner: UUID, kind: str, name: str, picture: bytes, media_type: str) -> None:
        self.stored.setdefault((owner, kind, name), Picture(picture, media_type))

    def get(self, owner: UUID, kind: str, sha256: str) -> bytes:
        try:
            return self.stored[owner, kind, sha256].picture
        except KeyError:
            raise PictureNotFound(sha256) from None

    def count(self, kind: str) -> int:
        """How many of this kind there are, of all owners."""
        return sum(one[1] == kind for one in self.stored)

    def has(self, owner: UUID, kind: str, sha256: str) -> bool:
        return (owner, kind, sha256) in self.stored

    def delete(self, owner: UUID, kind: str, sha256: str) -> None:
        self.stored.pop((owner, kind, sha256), None)

    def clear(self, owner: UUID, kind: str | None = None) -> int:
        beneath = f"{kind}/" if kind else ""
        gone = [one for one in self.stored if one[0] == owner and f"{one[1]}/".startswith(beneath)]
        for one in gone:
            del self.stored[one]
        return len(gone)

    async def stream(self, owner: UUID, kind: str, sha256: str) -> AsyncIterator[bytes]:
        picture = self.get(owner, kind, sha256)
        middle = len(picture) // 2
        for piece in (picture[:middle], picture[middle:]):
            yield piece
