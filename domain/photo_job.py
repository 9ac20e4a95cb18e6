"""A job: up to 30 photos and a brief; each photo resolves once, and the last one ends the job."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from eventsourcing.domain import event

from domain.aggregate import Aggregate
from domain.brief import Brief, Preset, RoomType, Style
from domain.job_errors import (
    GROUP_NAME_LENGTH,
    PHOTOS_PER_JOB,
    GroupNameTooLong,
    JobAlreadyEnded,
    JobNotEnded,
    NothingToRetry,
    PhotoGivenTwice,
    PhotoNotInJob,
    WrongNumberOfPhotos,
)
from domain.job_photo import JobPhoto, JobStatus, Outcome, Provenance
from domain.personal import Personal
from domain.pictures import OriginalsRemoved, PictureKind, Removal


class PhotoJob(Aggregate):
    class Submitted(Aggregate.Created):
        user_id: UUID
        photos: list[JobPhoto]
        preset: str
        room_type: str | None
        style: str | None
        prompt: Personal | None
        group_name: Personal | None
        parent_job_id: UUID | None
        economy: bool = False

    class PhotoFetched(Aggregate.Event):
        photo_id: UUID
        original: str
        media_type: str

    class PhotoStaged(Aggregate.Event):
        photo_id: UUID
        result: str
        media_type: str
        provenance: Provenance

    class PhotoRefused(Aggregate.Event):
        photo_id: UUID
        code: str

    class PhotoFailed(Aggregate.Event):
        photo_id: UUID
        code: str

    class Completed(Aggregate.Event):
        delivered: int

    class Failed(Aggregate.Event):
        pass

    class Cancelled(Aggregate.Event):
        delivered: int
        photo_ids: list[UUID]

    class GroupRenamed(Aggregate.Event):
        group_name: Personal | None

    class Deleted(Aggregate.Event):
        pass

    class PicturesRemoved(Aggregate.Event):
        photo_ids: list[UUID]
        kinds: list[str]
        reason: str

    @classmethod
    def submit(
        cls,
        job_id: UUID,
        *,
        user_id: UUID,
        photos: Sequence[JobPhoto],
        brief: Brief,
        group_name: Personal | None = None,
        parent_job_id: UUID | None = None,
        economy: bool = False,
    ) -> "PhotoJob":
        """A new job; one in economy may take a day. Raises WrongNumberOfPhotos, PhotoGivenTwice or GroupNameTooLong."""
        if not 1 <= len(photos) <= PHOTOS_PER_JOB:
            raise WrongNumberOfPhotos(len(photos))
        for upload_id, times in Counter(photo.upload_id for photo in photos).items():
            if times > 1:
                raise PhotoGivenTwice(upload_id)
        job: PhotoJob = cls._create(
            cls.Submitted,
            id=job_id,
            user_id=user_id,
            photos=list(photos),
            preset=brief.preset.value,
            room_type=brief.room_type.value if brief.room_type else None,
            style=brief.style.value if brief.style else None,
            prompt=brief.prompt,
            group_name=_checked(group_name),
            parent_job_id=parent_job_id,
            economy=economy,
        )
        return job

    def __init__(
        self,
        user_id: UUID,
        photos: list[JobPhoto],
        preset: str,
        room_type: str | None,
        style: str | None,
        prompt: Personal | None,
        group_name: Personal | None,
        parent_job_id: UUID | None,
        economy: bool = False,
    ) -> None:
        self.user_id = user_id
        self.photos = {photo.photo_id: photo for photo in photos}
        self.brief = Brief(
            preset=Preset(preset),
            room_type=RoomType(room_type) if room_type else None,
            style=Style(style) if style else None,
            prompt=prompt,
        )
        self.group_name = group_name
        self.parent_job_id = parent_job_id
        self.economy = economy
        self.outcomes = dict.fromkeys(self.photos, Outcome.PENDING)
        self.results: dict[UUID, str] = {}
        self.ended: JobStatus | None = None
        self.deleted = False
        self.removed: frozenset[PictureKind] = frozenset()

    @property
    def owner(self) -> UUID:
        return self.user_id

    @property
    def status(self) -> JobStatus:
        if self.ended:
            return self.ended
        return JobStatus.PENDING if self.delivered == self.resolved == 0 else JobStatus.PROCESSING

    @property
    def delivered(self) -> int:
        """How many photos were staged: what the job costs, in credits."""
        return self._count(Outcome.STAGED)

    @property
    def resolved(self) -> int:
        return len(self.photos) - self._count(Outcome.PENDING)

    @property
    def originals(self) -> list[JobPhoto]:
        """The photos, for another job to take. Raises OriginalsRemoved."""
        if PictureKind.ORIGINALS in self.removed:
            raise OriginalsRemoved(self.id)
        return list(self.photos.values())

    @property
    def photos_to_retry(self) -> list[JobPhoto]:
        """Those that failed, as opposed to what was refused, which would be again, or cancelled, by choice.

        Raises JobNotEnded, NothingToRetry or OriginalsRemoved.
        """
        if not self.ended:
            raise JobNotEnded(self.status)
        failed = [photo for photo in self.originals if self.outcomes[photo.photo_id] is Outcome.FAILED]
        if not failed:
            raise NothingToRetry(self.id)
        return failed

    def is_open(self, photo_id: UUID) -> bool:
        """Whether this photo still waits for its outcome. Raises PhotoNotInJob."""
        if photo_id not in self.photos:
            raise PhotoNotInJob(photo_id)
        return self.ended is None and self.outcomes[photo_id] is Outcome.PENDING

    def record_fetched(self, photo_id: UUID, original: str, media_type: str) -> None:
        """The original was fetched from the photo's link. Too late or repeated, it changes nothing."""
        if self.is_open(photo_id) and not self.photos[photo_id].original:
            self._photo_fetched(photo_id, original, media_type)

    def record_staged(self, photo_id: UUID, result: str, media_type: str, provenance: Provenance) -> None:
        """The result is stored under the SHA-256 `result`. Too late or repeated, it changes nothing."""
        if self.is_open(photo_id):
            self._photo_staged(photo_id, result, media_type, provenance)
            self._end_if_resolved()

    def record_refused(self, photo_id: UUID, code: str) -> None:
        """The provider's safety rules refused the photo. Too late or repeated, it changes nothing."""
        if self.is_open(photo_id):
            self._photo_refused(photo_id, code)
            self._end_if_resolved()

    def record_failed(self, photo_id: UUID, code: str) -> None:
        """The photo could not be staged. Too late or repeated, it changes nothing."""
        if self.is_open(photo_id):
            self._photo_failed(photo_id, code)
            self._end_if_resolved()

    def fail_the_rest(self, code: str) -> None:
        """Give up on every photo that has no outcome yet, which ends the job."""
        for photo_id in self._pending():
            self.record_failed(photo_id, code)

    def cancel(self) -> None:
        """Stop what is unfinished; delivered photos stay delivered. Raises JobAlreadyEnded, but not twice."""
        if self.ended is JobStatus.CANCELLED:
            return
        if self.ended:
            raise JobAlreadyEnded(self.ended)
        self._cancelled(self.delivered, self._pending())

    def rename_group(self, group_name: Personal | None) -> None:
        """Blank clears it. Raises GroupNameTooLong."""
        if (checked := _checked(group_name)) != self.group_name:
            self._group_renamed(checked)

    def delete(self) -> None:
        """A tombstone: the pictures go, the facts stay. What is unfinished is cancelled first."""
        if self.deleted:
            return
        if not self.ended:
            self.cancel()
        self._deleted()
        self.remove_pictures(PictureKind, Removal.DELETED)

    def remove_pictures(self, kinds: Iterable[PictureKind], reason: Removal) -> None:
        """Give up pictures for good; repeated, it changes nothing. Raises JobNotEnded."""
        if not self.ended:
            raise JobNotEnded(self.status)
        if kept := [kind.value for kind in kinds if kind not in self.removed]:
            self._pictures_removed(list(self.photos), kept, reason.value)

    def _end_if_resolved(self) -> None:
        if self._pending():
            return
        if self.delivered:
            self._completed(self.delivered)
        else:
            self._failed()

    def _pending(self) -> list[UUID]:
        return [photo_id for photo_id, outcome in self.outcomes.items() if outcome is Outcome.PENDING]

    def _count(self, wanted: Outcome) -> int:
        return sum(outcome is wanted for outcome in self.outcomes.values())

    @event(PhotoFetched)
    def _photo_fetched(self, photo_id: UUID, original: str, media_type: str) -> None:
        self.photos[photo_id] = replace(self.photos[photo_id], original=original, media_type=media_type)

    @event(PhotoStaged)
    def _photo_staged(self, photo_id: UUID, result: str, media_type: str, provenance: Provenance) -> None:
        self.outcomes[photo_id] = Outcome.STAGED
        self.results[photo_id] = result

    @event(PhotoRefused)
    def _photo_refused(self, photo_id: UUID, code: str) -> None:
        self.outcomes[photo_id] = Outcome.REFUSED

    @event(PhotoFailed)
    def _photo_failed(self, photo_id: UUID, code: str) -> None:
        self.outcomes[photo_id] = Outcome.FAILED

    @event(Completed)
    def _completed(self, delivered: int) -> None:
        self.ended = JobStatus.COMPLETED

    @event(Failed)
    def _failed(self) -> None:
        self.ended = JobStatus.FAILED

    @event(Cancelled)
    def _cancelled(self, delivered: int, photo_ids: list[UUID]) -> None:
        for photo_id in photo_ids:
            self.outcomes[photo_id] = Outcome.CANCELLED
        self.ended = JobStatus.CANCELLED

    @event(GroupRenamed)
    def _group_renamed(self, group_name: Personal | None) -> None:
        self.group_name = group_name

    @event(Deleted)
    def _deleted(self) -> None:
        self.deleted = True

    @event(PicturesRemoved)
    def _pictures_removed(self, photo_ids: list[UUID], kinds: list[str], reason: str) -> None:
        self.removed |= {PictureKind(kind) for kind in kinds}


def _checked(group_name: Personal | None) -> Personal | None:
    text = group_name.text.strip() if group_name else ""
    if len(text) > GROUP_NAME_LENGTH:
        raise GroupNameTooLong(len(text))
    return Personal(text) if text else None
