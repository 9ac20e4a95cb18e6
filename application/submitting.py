"""Which photos a new job takes: uploads that no job has taken yet, or photos of an earlier job once more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from application.errors import UploadAlreadyUsed, UploadExpired, UploadNotFound
from application.ports import Upload
from domain.job_photo import JobPhoto


def chosen(
    job_id: UUID,
    upload_ids: Sequence[UUID],
    *,
    earlier: Mapping[UUID, JobPhoto],
    uploads: Mapping[UUID, Upload],
    now: datetime,
) -> list[JobPhoto]:
    """The photos of these uploads as photos of this job, from `earlier` or else from `uploads`.

    Both are by upload id. Raises UploadNotFound, UploadAlreadyUsed or UploadExpired.
    """
    return [
        again(job_id, earlier[upload_id])
        if upload_id in earlier
        else _uploaded(job_id, upload_id, uploads.get(upload_id), now)
        for upload_id in upload_ids
    ]


def again(job_id: UUID, photo: JobPhoto) -> JobPhoto:
    """A photo of an earlier job as a photo of this one: the same picture, from the same upload."""
    return replace(photo, photo_id=_photo_id(job_id, photo.upload_id))


def _uploaded(job_id: UUID, upload_id: UUID, upload: Upload | None, now: datetime) -> JobPhoto:
    if upload is None:
        raise UploadNotFound(upload_id)
    if upload.job_id not in (None, job_id):
        raise UploadAlreadyUsed(upload_id)
    if upload.expires_at <= now:
        raise UploadExpired(upload_id)
    return JobPhoto(
        photo_id=_photo_id(job_id, upload_id),
        upload_id=upload_id,
        original=upload.sha256,
        media_type=upload.facts.media_type,
        name=upload.name,
    )


def _photo_id(job_id: UUID, upload_id: UUID) -> UUID:
    return uuid5(job_id, str(upload_id))
