"""Photos in: each is looked at, stripped of personal metadata and kept until a job takes it."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from uuid import UUID

from application.photos import PHOTO_BYTES, PhotoEmpty, PhotoRejected, PhotoTooLarge
from application.pictures import ORIGINALS, PREVIEW, SMALL_MEDIA_TYPE, THUMBNAIL, small_originals
from application.ports import Clock, Darkroom, IncomingPhotos, Pictures, Upload, UploadRecords
from application.reactions import Answer
from domain.errors import Conflict
from domain.personal import Personal

UPLOAD_LIFETIME = timedelta(hours=48)
"""How long an upload waits for its job."""
LINK_LIFETIME = timedelta(hours=1)
"""How long a photo can be put to where it was asked for."""
NAME_LENGTH = 200


@dataclass(frozen=True)
class Uploads:
    clock: Clock
    darkroom: Darkroom
    pictures: Pictures
    records: UploadRecords
    incoming: IncomingPhotos

    def add(self, upload_id: UUID, *, user_id: UUID, name: str, photo: bytes) -> Upload:
        """Take a photo in; repeated with the same id, it is the upload of the first time.

        Raises PhotoRejected, or Conflict when it was another photo the first time. Nothing is stored unless
        the photo can be used.
        """
        if not photo:
            raise PhotoEmpty
        if len(photo) > PHOTO_BYTES:
            raise PhotoTooLarge
        taken = self.darkroom.take_in(photo)
        upload = Upload(
            upload_id=upload_id,
            user_id=user_id,
            sha256=sha256(taken.original).hexdigest(),
            facts=taken.facts,
            size=len(taken.original),
            name=Personal(file_name(name)),
            expires_at=self.clock.now() + UPLOAD_LIFETIME,
        )
        earlier = self.records.find(user_id, upload_id)
        if earlier and earlier.sha256 != upload.sha256:
            raise Conflict(upload_id)
        if earlier and self.pictures.has(user_id, ORIGINALS, earlier.sha256):
            return earlier
        # The record comes first: nothing is ever stored that no record tells of, and as soon as it is there,
        # nobody removes the same picture because an earlier use of it has ended.
        self.records.add(upload)
        for size, small in ((PREVIEW, taken.preview), (THUMBNAIL, taken.thumbnail)):
            self.pictures.keep(user_id, small_originals(size), upload.sha256, small, SMALL_MEDIA_TYPE)
        self.pictures.put(user_id, ORIGINALS, taken.original, taken.facts.media_type)
        return earlier or upload

    def link(self, upload_id: UUID, *, user_id: UUID) -> str:
        """Where the client can PUT a photo by itself for LINK_LIFETIME; `complete` then takes it in."""
        return self.incoming.url(user_id, upload_id, LINK_LIFETIME)

    def complete(self, upload_id: UUID, *, user_id: UUID, name: str) -> Upload:
        """Take in what was put; repeated, it is the upload of the first time.

        Raises PhotoNotArrived, PhotoRejected, after which another photo can be put, or Conflict.
        """
        earlier = self.records.find(user_id, upload_id)
        if earlier and self.pictures.has(user_id, ORIGINALS, earlier.sha256):
            return earlier
        try:
            upload = self.add(
                upload_id, user_id=user_id, name=name, photo=self.incoming.get(user_id, upload_id)
            )
        except PhotoRejected:
            self.incoming.delete(user_id, upload_id)
            raise
        self.incoming.delete(user_id, upload_id)
        return upload

    def remove_abandoned(self) -> Answer:
        """Delete what was put and never completed."""
        return {"abandoned": self.incoming.remove_abandoned(LINK_LIFETIME)}


def file_name(name: str) -> str:
    """The last part of a path a client sent, without anything that could mislead a terminal or a disk."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(character for character in last if character.isprintable()).strip(" .")
    return shown[-NAME_LENGTH:].lstrip(" .") or "photo"
