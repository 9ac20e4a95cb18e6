"""Photos that clients put straight into the object store, where they wait until they are taken in."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import obstore
from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from application.errors import PhotoNotArrived
from application.photos import PHOTO_BYTES, PhotoTooLarge
from infrastructure.delivering.signed_links import SignedLinks
from infrastructure.storage.object_store import there

FOLDER: Final = "incoming"
GRACE: Final = timedelta(hours=1)
"""How long what arrived with the last second of its link may still be completed."""


class ObjectIncoming:
    """In the bucket of the pictures, under `incoming/<owner>/<upload>`.

    Where the store can sign a PUT itself (S3, Google Cloud Storage, Azure), clients talk to it alone; a folder
    cannot, so there the API takes the bytes, by a signed link that works the same way.
    """

    def __init__(self, store: ObjectStore, links: SignedLinks) -> None:
        self._opened = store
        self._links = links

    @property
    def _store(self) -> ObjectStore:
        return there(self._opened)

    def url(self, owner: UUID, upload_id: UUID, lifetime: timedelta) -> str:
        """Where anybody who has it can PUT the photo, as often as they like, for so long."""
        if isinstance(self._opened, S3Store | GCSStore | AzureStore):
            return obstore.sign(self._opened, "PUT", _path(owner, upload_id), lifetime)
        until = datetime.now(UTC) + lifetime
        return self._links.sign(f"/api/v1/uploads/{upload_id}/content", until, owner=str(owner))

    def put(self, owner: UUID, upload_id: UUID, photo: bytes) -> None:
        """What came through the API; it takes the place of what came before."""
        obstore.put(self._store, _path(owner, upload_id), photo)

    def get(self, owner: UUID, upload_id: UUID) -> bytes:
        """Raises PhotoNotArrived, or PhotoTooLarge before anything is read."""
        path = _path(owner, upload_id)
        try:
            size = obstore.head(self._store, path)["size"]
            if size > PHOTO_BYTES:
                raise PhotoTooLarge
            if not size:  # of which no range can be asked for
                return b""
            return bytes(obstore.get_range(self._store, path, start=0, length=PHOTO_BYTES + 1))
        except FileNotFoundError:
            raise PhotoNotArrived(upload_id) from None

    def delete(self, owner: UUID, upload_id: UUID) -> None:
        """Whether it was there or not, it is gone afterwards."""
        with suppress(FileNotFoundError):
            obstore.delete(self._store, _path(owner, upload_id))

    def clear(self, owner: UUID) -> int:
        """Delete all that waits for this owner; how many there were."""
        listed = obstore.list(self._store, prefix=f"{FOLDER}/{owner}")
        return self._delete([found["path"] for some in listed for found in some])

    def remove_abandoned(self, lifetime: timedelta) -> int:
        """Delete what nobody completed, though its link ended some time ago; how many there were."""
        before = datetime.now(UTC) - lifetime - GRACE
        listed = obstore.list(self._store, prefix=FOLDER)
        return self._delete(
            [found["path"] for some in listed for found in some if found["last_modified"] < before]
        )

    def _delete(self, paths: list[str]) -> int:
        if paths:
            obstore.delete(self._store, paths)
        return len(paths)


def _path(owner: UUID, upload_id: UUID) -> str:
    return f"{FOLDER}/{owner}/{upload_id}"
