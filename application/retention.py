"""How long pictures are kept: what nobody used, what was deleted and what is past its term goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from application.pictures import ORIGINALS, SIZES, previews_of, results_of, small_originals
from application.ports import (
    Clock,
    IncomingPhotos,
    Leftovers,
    Pictures,
    PictureUses,
    Store,
    Traces,
    UploadRecords,
)
from application.reactions import Answer
from application.retrying import retried
from application.stagers import RetryLater
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind, Removal

AT_ONCE = 500
"""How many jobs, uploads or rows one attempt takes on; the next one goes on from there."""
PAUSE = timedelta(seconds=5)
"""Until it does."""
CATCHING_UP = timedelta(seconds=1)
"""What the read models are given to know of a removal."""


@dataclass(frozen=True)
class Terms:
    """How long pictures are kept after their job has ended."""

    originals: timedelta
    results: timedelta

    def of(self, kind: PictureKind) -> timedelta:
        return self.originals if kind is PictureKind.ORIGINALS else self.results


@dataclass(frozen=True)
class Retention:
    """A job first gives its pictures up, which is recorded; what then deletes them may fail and come again.

    An original goes when nothing needs it any more. Whoever makes a job from another's photos does so before
    that one gives them up, in the order of the log: so read models that know of the removal know of every job
    that could still need the original. Uploads are asked as they are now.
    """

    store: Store
    clock: Clock
    uploads: UploadRecords
    pictures: Pictures
    uses: PictureUses
    terms: Terms
    leftovers: Leftovers
    incoming: IncomingPhotos
    traces: Traces

    def remove_leftovers(self) -> Answer:
        """Delete what was only kept in case somebody asks again. Raises RetryLater while there is more."""
        removed = self.leftovers.remove(limit=AT_ONCE)
        if max(removed.values(), default=0) == AT_ONCE:
            raise RetryLater(PAUSE)
        return dict(removed)

    def give_up_past_terms(self) -> Answer:
        """Every job gives up the pictures whose term is over. Raises RetryLater while there are more."""
        given_up = {kind.value: self._give_up_past_term(kind) for kind in PictureKind}
        if max(given_up.values()) == AT_ONCE:
            raise RetryLater(PAUSE)
        return given_up

    def delete(self, job_id: UUID, kind: PictureKind) -> Answer:
        """Delete the pictures that a job gave up, but for those that are needed elsewhere.

        Raises RetryLater as long as the read models cannot tell. Repeated, it does the same again.
        """
        job = self.store.get(PhotoJob, job_id)
        if kind not in job.removed:
            return {"deleted": 0}
        if kind is PictureKind.RESULTS:
            self.pictures.clear(job.user_id, previews_of(job_id))
            return {"deleted": self.pictures.clear(job.user_id, results_of(job_id))}
        if not self.uses.knows_removal(job_id, kind):
            raise RetryLater(CATCHING_UP)
        self.uploads.forget([photo.upload_id for photo in job.photos.values()], taken_by=job_id)
        originals = {photo.original for photo in job.photos.values() if photo.original}
        return {"deleted": sum(self._delete_original(job.user_id, original) for original in originals)}

    def remove_unused_uploads(self) -> Answer:
        """Delete what no job took in time. Raises RetryLater while there is more."""
        unused = self.uploads.unused(limit=AT_ONCE)
        deleted = 0
        for upload in unused:
            deleted += self._delete_original(upload.user_id, upload.sha256)
            self.uploads.forget([upload.upload_id], taken_by=None)
        if len(unused) == AT_ONCE:
            raise RetryLater(PAUSE)
        return {"uploads": len(unused), "deleted": deleted}

    def erase(self, user_id: UUID) -> Answer:
        """Delete every picture of an erased user, and what requests under way have left of them since.

        Their jobs give the pictures up. Raises RetryLater until the read models know that; repeated, it does
        the same again.
        """
        with self.store.transaction():
            self.traces.forget(user_id)
        deleted = self.pictures.clear(user_id) + self.incoming.clear(user_id)
        jobs = self.uses.kept_by(user_id, limit=AT_ONCE)
        for job_id in jobs:
            self._give_up(job_id, PictureKind, Removal.ERASED)
        if jobs:
            raise RetryLater(CATCHING_UP)
        return {"deleted": deleted}

    def _give_up_past_term(self, kind: PictureKind) -> int:
        ended_before = self.clock.now() - self.terms.of(kind)
        jobs = self.uses.past_term(kind, ended_before=ended_before, limit=AT_ONCE)
        for job_id in jobs:
            self._give_up(job_id, [kind], Removal.TERM_OVER)
        return len(jobs)

    @retried
    def _give_up(self, job_id: UUID, kinds: Iterable[PictureKind], reason: Removal) -> None:
        with self.store.transaction(job_id):  # whoever makes a new job from this one comes before or after
            job = self.store.get(PhotoJob, job_id)
            job.remove_pictures(kinds, reason)
            self.store.save(job)

    def _delete_original(self, owner: UUID, original: str) -> bool:
        """Whether nobody needed it. Whoever sends it again meanwhile waits, and then stores it anew."""
        with self.uses.undisturbed(owner, original):
            if self.uses.original_needed(owner, original):
                return False
            self.pictures.delete(owner, ORIGINALS, original)
            for size in SIZES:
                self.pictures.delete(owner, small_originals(size), original)
            return True
