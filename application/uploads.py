"""Photos in: each is looked at, stripped of personal metadata and kept until a job takes it."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from uuid import UUID

from application.photos import PHOTO_BYTES, PhotoEmpty, PhotoTooLarge
from application.pictures import ORIGINALS
from application.ports import Clock, Darkroom, Pictures, Upload, UploadRecords
from domain.errors import Conflict
from domain.personal import Personal

UPLOAD_LIFETIME = timedelta(hours=48)
"""How long an upload waits for its job."""
NAME_LENGTH = 200


@dataclass(frozen=True)
class Uploads:
    clock: Clock
    darkroom: Darkroom
    pictures: Pictures
    records: UploadRecords

    def add(self, upload_id: UUID, *, user_id: UUID, name: str, photo: bytes) -> Upload:
        """Take a photo in; repeated with the same id, it is the upload of the first time.

        Raises PhotoRejected, or Conflict when it is another photo and the first never arrived. Nothing is
        stored unless the photo can be used.
        """
        earlier = self.records.find(user_id, upload_id)
        if earlier and self.pictures.has(user_id, ORIGINALS, earlier.sha256):
            return earlier
        if not photo:
            raise PhotoEmpty
        if len(photo) > PHOTO_BYTES:
            raise PhotoTooLarge
        facts = self.darkroom.inspect(photo)
        original = self.darkroom.strip(photo)
        upload = Upload(
            upload_id=upload_id,
            user_id=user_id,
            sha256=sha256(original).hexdigest(),
            facts=facts,
            size=len(original),
            name=Personal(file_name(name)),
            expires_at=self.clock.now() + UPLOAD_LIFETIME,
        )
        if earlier and earlier.sha256 != upload.sha256:
            raise Conflict(upload_id)
        # The record comes first: nothing is ever stored that no record tells of, and as soon as it is there,
        # nobody removes the same picture because an earlier use of it has ended.
        self.records.add(upload)
        self.pictures.put(user_id, ORIGINALS, original, facts.media_type)
        return earlier or upload


def file_name(name: str) -> str:
    """The last part of a path a client sent, without anything that could mislead a terminal or a disk."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(character for character in last if character.isprintable()).strip(" .")
    return shown[-NAME_LENGTH:].lstrip(" .") or "photo"
