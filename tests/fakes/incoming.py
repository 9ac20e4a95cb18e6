"""Photos put straight into the object store, in memory."""

from datetime import datetime, timedelta
from uuid import UUID

from application.errors import PhotoNotArrived
from application.photos import PHOTO_BYTES, PhotoTooLarge
from application.ports import Clock


class MemoryIncoming:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[tuple[UUID, UUID], tuple[bytes, datetime]] = {}

    def url(self, owner: UUID, upload_id: UUID, lifetime: timedelta) -> str:
        return f"https://store.test/{owner}/{upload_id}?for={int(lifetime.total_seconds())}"

    def put(self, owner: UUID, upload_id: UUID, photo: bytes) -> None:
        self._waiting[owner, upload_id] = photo, self._clock.now()

    def get(self, owner: UUID, upload_id: UUID) -> bytes:
        try:
            photo, _ = self._waiting[owner, upload_id]
        except KeyError:
            raise PhotoNotArrived(upload_id) from None
        if len(photo) > PHOTO_BYTES:
            raise PhotoTooLarge
        return photo

    def delete(self, owner: UUID, upload_id: UUID) -> None:
        self._waiting.pop((owner, upload_id), None)

    def clear(self, owner: UUID) -> int:
        gone = [one for one in self._waiting if one[0] == owner]
        for one in gone:
            del self._waiting[one]
        return len(gone)

    def remove_abandoned(self, lifetime: timedelta) -> int:
        before = self._clock.now() - lifetime - timedelta(hours=1)
        gone = [one for one, (_, arrived_at) in self._waiting.items() if arrived_at < before]
        for one in gone:
            del self._waiting[one]
        return len(gone)
