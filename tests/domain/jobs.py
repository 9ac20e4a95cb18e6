"""Jobs and what has happened to them, for the tests of photo jobs."""

from uuid import UUID

from domain.brief import Brief, Preset
from domain.job_photo import JobPhoto, Provenance
from domain.personal import Personal
from domain.photo_job import PhotoJob
from tests.domain.history import Fact, fact, given

ANN = UUID(int=1)
JOB, OLD_JOB = UUID(int=2), UUID(int=3)
FIRST, SECOND, THIRD = (UUID(int=1000 + number) for number in range(3))
PROVENANCE = Provenance("darkroom", "1", input_sha256="aa", output_sha256="bb", milliseconds=12)


def photos(count: int) -> list[JobPhoto]:
    return [
        JobPhoto(
            photo_id=UUID(int=1000 + number),
            upload_id=UUID(int=2000 + number),
            original=f"{number:064x}",
            media_type="image/jpeg",
            name=Personal(f"room {number}.jpg"),
        )
        for number in range(count)
    ]


def submitted(count: int, group_name: str | None = None) -> Fact:
    return fact(
        PhotoJob.Submitted,
        user_id=ANN,
        photos=photos(count),
        preset="enhance",
        room_type=None,
        style=None,
        prompt=None,
        group_name=Personal(group_name) if group_name else None,
        parent_job_id=None,
    )


def a_job(count: int, *since: Fact) -> PhotoJob:
    return given(PhotoJob, JOB, submitted(count), *since)


def staged(photo: UUID) -> Fact:
    return fact(
        PhotoJob.PhotoStaged, photo_id=photo, result="bb", media_type="image/jpeg", provenance=PROVENANCE
    )


def refused(photo: UUID) -> Fact:
    return fact(PhotoJob.PhotoRefused, photo_id=photo, code="people")


def failed(photo: UUID) -> Fact:
    return fact(PhotoJob.PhotoFailed, photo_id=photo, code="broken")


def completed(delivered: int) -> Fact:
    return fact(PhotoJob.Completed, delivered=delivered)


def cancelled(delivered: int, *photo_ids: UUID) -> Fact:
    return fact(PhotoJob.Cancelled, delivered=delivered, photo_ids=list(photo_ids))


def removed(photos: int, *kinds: str, reason: str = "deleted") -> Fact:
    """Both kinds, if none is named."""
    return fact(
        PhotoJob.PicturesRemoved,
        photo_ids=[UUID(int=1000 + number) for number in range(photos)],
        kinds=list(kinds) or ["originals", "results"],
        reason=reason,
    )


def stage(job: PhotoJob, photo: UUID) -> None:
    job.record_staged(photo, "bb", "image/jpeg", PROVENANCE)


def submit(count: int, brief: Brief | None = None, group_name: Personal | None = None) -> PhotoJob:
    return PhotoJob.submit(
        JOB,
        user_id=ANN,
        photos=photos(count),
        brief=brief or Brief(Preset.ENHANCE),
        group_name=group_name,
    )
