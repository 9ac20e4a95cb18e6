"""Jobs: submitting photos, recording what became of each, and settling the credits when the job ends."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.errors import NotFound, PresetUnavailable, VersionMismatch
from application.ports import Clock, Store, Submissions, UploadRecords
from application.retrying import retried
from application.stagers import Stager
from application.submitting import Wanted, again, chosen, lineage_of, varied
from domain.brief import Brief
from domain.credit_ledger import CreditLedger
from domain.job_errors import PHOTOS_PER_JOB, PhotoNotInJob, PhotoNotStaged, WrongNumberOfPhotos
from domain.job_photo import JobPhoto, Provenance
from domain.lineage import Lineage
from domain.personal import Personal
from domain.photo_job import PhotoJob


@dataclass(frozen=True)
class Jobs:
    """Whether a user may act at all is decided where they are let in; here it is about their own jobs."""

    store: Store
    clock: Clock
    uploads: UploadRecords
    submissions: Submissions
    stager: Stager

    @retried
    def submit(
        self,
        job_id: UUID,
        *,
        user_id: UUID,
        photos: Sequence[Wanted],
        brief: Brief,
        group_name: Personal | None = None,
        parent_job_id: UUID | None = None,
        economy: bool = False,
    ) -> PhotoJob:
        """Hold a credit per photo and record the job, in one transaction; repeated, it is the first one.

        With a parent it is a new brief on photos of that earlier job: those whose uploads are named, all if
        none is; uploads that the parent does not have, and links, may come along. Raises PresetUnavailable,
        NotFound (the parent), OriginalsRemoved, TooManyVariations, UploadNotFound, UploadAlreadyUsed,
        UploadExpired, LinkGivenTwice, InsufficientCredits, or what PhotoJob.submit raises.
        """
        uploads = [one for one in photos if isinstance(one, UUID)]
        before = self.submissions.before(job_id, user_id=user_id, uploads=uploads[:PHOTOS_PER_JOB])
        if before.job:
            return before.job
        if len(photos) > PHOTOS_PER_JOB:
            raise WrongNumberOfPhotos(len(photos))
        with self._parent(parent_job_id, user_id) as earlier:
            fresh = [upload_id for upload_id in uploads if upload_id not in earlier]
            wanted = photos or list(earlier)
            taken = chosen(job_id, wanted, earlier=earlier, uploads=before.uploads, now=before.now)
            job = PhotoJob.submit(
                job_id,
                user_id=user_id,
                photos=taken,
                brief=brief,
                group_name=group_name,
                parent_job_id=parent_job_id,
                economy=economy,
            )
            lineages = list(varied(self.store, user_id, job_id, taken))
            self._begin(job, before.ledger, before.now, taking=fresh, lineages=lineages)
        return job

    @retried
    def retry(self, new_job_id: UUID, job_id: UUID, user_id: UUID) -> PhotoJob:
        """Submit those photos of an ended job that failed as a new job; repeated, it is the first one.

        Raises NotFound, JobNotEnded, NothingToRetry, OriginalsRemoved, PresetUnavailable or
        InsufficientCredits.
        """
        before = self.submissions.before(new_job_id, user_id=user_id, uploads=())
        if before.job:
            return before.job
        with self.store.transaction(job_id):  # or its originals might be removed meanwhile
            earlier = self.owned(job_id, user_id)
            job = PhotoJob.submit(
                new_job_id,
                user_id=user_id,
                photos=[again(new_job_id, photo) for photo in earlier.photos_to_retry],
                brief=earlier.brief,
                group_name=earlier.group_name,
                parent_job_id=job_id,
                economy=earlier.economy,
            )
            self._begin(job, before.ledger, before.now)
        return job

    def owned(self, job_id: UUID, user_id: UUID) -> PhotoJob:
        """The user's own job. Raises NotFound, also for somebody else's and for a deleted one."""
        job = self.store.get(PhotoJob, job_id)
        if job.user_id != user_id or job.deleted:
            raise NotFound(PhotoJob.__name__, job_id)
        return job

    @retried
    def cancel(self, job_id: UUID, user_id: UUID) -> None:
        """Stop what is unfinished and give its credits back; a cancelled job stays as it is.

        Raises NotFound, or JobAlreadyEnded when there is nothing left to stop.
        """
        with self._changing(job_id, user_id) as job:
            job.cancel()

    @retried
    def rename(
        self, job_id: UUID, user_id: UUID, group_name: Personal | None, expected_version: int | None = None
    ) -> None:
        """Give the job's group another name; none or a blank one clears it.

        Raises NotFound, GroupNameTooLong, or VersionMismatch when the job is not at `expected_version`.
        """
        with self._changing(job_id, user_id) as job:
            seen = job.version
            job.rename_group(group_name)
            if expected_version not in (None, seen):
                raise VersionMismatch(expected_version, seen)

    @retried
    def delete(self, job_id: UUID, user_id: UUID) -> None:
        """Cancel what is unfinished, give its credits back, and give the pictures up. Raises NotFound."""
        with self._changing(job_id, user_id) as job:
            job.delete()

    @retried
    def choose_favourite(self, job_id: UUID, photo_id: UUID, user_id: UUID, *, chosen: bool = True) -> None:
        """Of all that was made of one original, the user likes this photo best, or does not any more.

        Raises NotFound, PhotoNotInJob or PhotoNotStaged.
        """
        job = self.owned(job_id, user_id)
        if (photo := job.photos.get(photo_id)) is None:
            raise PhotoNotInJob(photo_id)
        if photo_id not in job.results:
            raise PhotoNotStaged(photo_id)
        lineage = lineage_of(self.store, photo.root, user_id)
        if chosen or lineage.favourite == photo_id:
            lineage.choose(photo_id if chosen else None)
            self.store.save(lineage)

    @retried
    def record_fetched(self, job_id: UUID, photo_id: UUID, original: str, media_type: str) -> None:
        """A photo was fetched from its link and taken in: it is the job's now, like any other upload of it."""
        with self._changing(job_id) as job:
            job.record_fetched(photo_id, original, media_type)
            if job.is_open(photo_id):  # its upload may have been forgotten meanwhile
                self.uploads.take_all([job.photos[photo_id].upload_id], job_id)

    @retried
    def record_staged(
        self, job_id: UUID, photo_id: UUID, result: str, media_type: str, provenance: Provenance
    ) -> None:
        """A photo's result is stored; the last photo ends the job and settles its credits."""
        with self._changing(job_id) as job:
            job.record_staged(photo_id, result, media_type, provenance)

    @retried
    def record_refused(self, job_id: UUID, photo_id: UUID, code: str) -> None:
        """The provider refused the photo; its credit goes back when the job ends."""
        with self._changing(job_id) as job:
            job.record_refused(photo_id, code)

    @retried
    def record_failed(self, job_id: UUID, photo_id: UUID, code: str) -> None:
        """The photo was given up; its credit goes back when the job ends."""
        with self._changing(job_id) as job:
            job.record_failed(photo_id, code)

    @retried
    def expire(self, job_id: UUID) -> None:
        """A job that has not ended in time fails what is left; one that has ended stays as it is."""
        with self._changing(job_id) as job:
            job.fail_the_rest("timed_out")

    @contextmanager
    def _parent(self, job_id: UUID | None, user_id: UUID) -> Iterator[Mapping[UUID, JobPhoto]]:
        """The photos of the user's earlier job by upload; inside, nobody removes its originals."""
        if job_id is None:
            yield {}
            return
        with self.store.transaction(job_id):
            yield {photo.upload_id: photo for photo in self.owned(job_id, user_id).originals}

    def _begin(
        self,
        job: PhotoJob,
        ledger: CreditLedger | None,
        now: datetime,
        taking: Sequence[UUID] = (),
        lineages: Sequence[Lineage] = (),
    ) -> None:
        """Save the job, the hold on its credits, and whose photos and uploads it takes: all, or nothing."""
        if job.brief.preset not in self.stager.presets:
            raise PresetUnavailable(job.brief.preset, sorted(self.stager.presets))
        if ledger is None:
            raise NotFound(CreditLedger.__name__, CreditLedger.id_for(job.user_id))
        ledger.hold(job.id, len(job.photos), now)
        with self.store.transaction():
            # If somebody was faster, trying again finds out which upload they took, and why.
            self.uploads.take_all(taking, job.id)
            self.store.save(ledger, job, *lineages)

    @contextmanager
    def _changing(self, job_id: UUID, user_id: UUID | None = None) -> Iterator[PhotoJob]:
        """The job, which nobody else changes meanwhile; then it is saved, settled too if it has ended inside.

        Neither can be without the other. Whoever is not asked as a user may change any job.
        """
        with self.store.transaction(job_id):
            job = self.store.get(PhotoJob, job_id) if user_id is None else self.owned(job_id, user_id)
            was_open = job.ended is None
            yield job
            if not (was_open and job.ended):
                self.store.save(job)
                return
            ledger = self.store.get(CreditLedger, CreditLedger.id_for(job.user_id))
            ledger.settle(job.id, delivered=job.delivered, now=self.clock.now())
            self.store.save(ledger, job)
