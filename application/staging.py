"""Staging a photo: what is asked of the stager, what its answer means, and what happens when it has none."""

import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from application.jobs import Jobs
from application.photos import PhotoRejected, rejection_code
from application.pictures import ORIGINALS, results_of
from application.ports import Pictures, Refusal, Stager, Store
from application.reactions import Answer
from domain.job_photo import Provenance
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind

GIVEN_UP = "staging_failed"
"""The code of a photo that no attempt could stage."""


class OriginalDamaged(Exception):
    """The object store returned other bytes than were put there."""

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256


class _Became(StrEnum):
    """What became of a photo, as its answer says it."""

    STAGED = "staged"
    REFUSED = "refused"
    FAILED = "failed"
    NOTHING = "nothing"
    """It had its outcome before."""


@dataclass(frozen=True)
class Staging:
    store: Store
    pictures: Pictures
    stager: Stager
    jobs: Jobs

    def stage(self, job_id: UUID, photo_id: UUID) -> Answer:
        """Have the photo staged and its result stored; returns at once when nobody waits for it any more.

        Raises RetryLater, OriginalDamaged, or whatever made the attempt fail.
        """
        job = self.store.get(PhotoJob, job_id)
        if not job.is_open(photo_id):
            self._tidy(job)
            return {"became": _Became.NOTHING.value}
        asked_for = job.photos[photo_id].original
        original = self.pictures.get(job.user_id, ORIGINALS, asked_for)
        if sha256(original).hexdigest() != asked_for:
            raise OriginalDamaged(asked_for)
        began = time.monotonic()
        try:
            staged = self.stager.stage(original, job.brief)
        except Refusal as refusal:
            return {"became": _Became.REFUSED.value, "code": refusal.code}
        except PhotoRejected as rejected:  # the same bytes would be rejected again
            return {"became": _Became.FAILED.value, "code": rejection_code(rejected)}
        milliseconds = round((time.monotonic() - began) * 1000)
        result = self.pictures.put(job.user_id, results_of(job_id), staged.picture, staged.media_type)
        self._tidy(self.store.get(PhotoJob, job_id))
        provenance = Provenance(
            engine=staged.engine,
            version=staged.version,
            input_sha256=asked_for,
            output_sha256=result,
            milliseconds=milliseconds,
        )
        return {
            "became": _Became.STAGED.value,
            "result": result,
            "media_type": staged.media_type,
            "provenance": asdict(provenance),
        }

    def record(self, job_id: UUID, photo_id: UUID, answer: Answer) -> None:
        """Tell the job what `stage` answered. Repeated, or too late, it changes nothing."""
        match answer["became"]:
            case _Became.STAGED:
                provenance = Provenance(**answer["provenance"])
                self.jobs.record_staged(job_id, photo_id, answer["result"], answer["media_type"], provenance)
            case _Became.REFUSED:
                self.jobs.record_refused(job_id, photo_id, answer["code"])
            case _Became.FAILED:
                self.jobs.record_failed(job_id, photo_id, answer["code"])

    def _tidy(self, job: PhotoJob) -> None:
        """A result that was put while the job was deleted may lie where all others are gone already."""
        if PictureKind.RESULTS in job.removed:
            self.pictures.clear(job.user_id, results_of(job.id))

    def give_up(self, job_id: UUID, photo_id: UUID) -> None:
        """No attempt is left: the photo fails. Repeated, or too late, it changes nothing."""
        self.jobs.record_failed(job_id, photo_id, GIVEN_UP)
