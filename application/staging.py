"""Staging a photo: what is asked of the stager, what its answer means, and what happens when it has none."""

import time
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from application.jobs import Jobs
from application.photos import PhotoRejected, rejection_code
from application.pictures import ORIGINALS, provider_results_of, results_of
from application.ports import Pictures, Sealer, Store
from application.reactions import Answer, AnswerSpent
from application.reasons import GIVEN_UP, TOLD
from application.stagers import (
    BatchStager,
    ProviderCall,
    ProviderCalls,
    Refusal,
    RetryLater,
    StagedPicture,
    Stager,
    StagingFailed,
    Ticket,
)
from domain.job_photo import Provenance
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind

POLL = timedelta(seconds=60)
"""How often it is looked whether a photo that was handed in is staged."""


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
    HANDED_IN = "handed_in"
    """Nothing yet: the provider takes its time, for a lower price."""
    NOTHING = "nothing"
    """It had its outcome before."""


@dataclass(frozen=True)
class Staging:
    store: Store
    pictures: Pictures
    stager: Stager
    jobs: Jobs
    calls: ProviderCalls
    sealer: Sealer
    batches: BatchStager | None = None
    """For jobs in economy; without one they are staged like all others."""
    poll: timedelta = POLL

    def stage(self, job_id: UUID, photo_id: UUID) -> Answer:
        """Have the photo staged and its result stored; returns at once when nobody waits for it any more.

        Raises RetryLater, StagingFailed, OriginalDamaged, or whatever made the attempt fail.
        """
        job = self.store.get(PhotoJob, job_id)
        if not job.is_open(photo_id):
            self._tidy(job)
            return {"became": _Became.NOTHING.value}
        original = self._original(job, photo_id)
        began = time.monotonic()
        try:
            if job.economy and self.batches:
                return self._handed_in(self.batches, job, photo_id, original)
            staged = self.stager.stage(original, job.brief)
        except (Refusal, RetryLater, StagingFailed) as unstaged:
            return self._answered(job_id, photo_id, unstaged)
        except PhotoRejected as rejected:  # the same bytes would be rejected again
            return {"became": _Became.FAILED.value, "code": rejection_code(rejected)}
        return self._kept(job, photo_id, staged, milliseconds=round((time.monotonic() - began) * 1000))

    def _answered(
        self, job_id: UUID, photo_id: UUID, unstaged: Refusal | RetryLater | StagingFailed
    ) -> Answer:
        """The answer, if asking again cannot change it; else `unstaged` is raised on."""
        self.calls.add(job_id, photo_id, unstaged.calls)
        match unstaged:
            case Refusal(code=code):
                return {"became": _Became.REFUSED.value, "code": code}
            case StagingFailed(code=code, final=True):
                return {"became": _Became.FAILED.value, "code": code}
            case _:
                raise unstaged

    def _handed_in(self, batches: BatchStager, job: PhotoJob, photo_id: UUID, original: bytes) -> Answer:
        """The ticket for it. Its name differs from that of earlier attempts, whose calls are known."""
        ticket = batches.hand_in(f"{job.id}/{photo_id}/{len(self.calls.of(photo_id))}", original, job.brief)
        prompt = self.sealer.seal(job.user_id, ticket.prompt)
        return {"became": _Became.HANDED_IN.value, "ticket": {**asdict(ticket), "prompt": prompt}}

    def _collected(self, job_id: UUID, photo_id: UUID, answer: Answer) -> None:
        """Record what became of a ticket. Raises RetryLater as long as nothing did, or AnswerSpent."""
        if self.batches is None:  # they were handed in by an earlier configuration
            raise AnswerSpent
        job = self.store.get(PhotoJob, job_id)
        told = answer["ticket"]
        ticket = Ticket(**{**told, "prompt": self.sealer.sealed(told["prompt"])})
        if not job.is_open(photo_id):
            self.batches.withdraw(ticket)
            self._tidy(job)
            return
        try:
            staged = self.batches.collect(ticket, self._original(job, photo_id), job.brief)
        except (Refusal, StagingFailed) as unstaged:
            try:
                self.record(job_id, photo_id, self._answered(job_id, photo_id, unstaged))
            except StagingFailed as failed:
                raise AnswerSpent from failed
            return
        if staged is None:
            raise RetryLater(self.poll)
        took = sum(call.milliseconds for call in staged.calls)
        self.record(job_id, photo_id, self._kept(job, photo_id, staged, milliseconds=took))

    def _original(self, job: PhotoJob, photo_id: UUID) -> bytes:
        """The photo as it came in. Raises OriginalDamaged or PictureNotFound."""
        asked_for = job.photos[photo_id].original
        original = self.pictures.get(job.user_id, ORIGINALS, asked_for)
        if sha256(original).hexdigest() != asked_for:
            raise OriginalDamaged(asked_for)
        return original

    def _kept(self, job: PhotoJob, photo_id: UUID, staged: StagedPicture, *, milliseconds: int) -> Answer:
        """The answer for a picture that was staged, once it is stored.

        It goes through the reaction's row, where no personal text may be in the clear: the prompt is sealed.
        """
        result = self.pictures.put(job.user_id, results_of(job.id), staged.picture, staged.media_type)
        provenance = Provenance(
            engine=staged.engine,
            version=staged.version,
            input_sha256=job.photos[photo_id].original,
            output_sha256=result,
            milliseconds=milliseconds,
        )
        prompt: str | None = None
        if sent := staged.sent:
            prompt = self.sealer.seal(job.user_id, sent.prompt)
            provenance = replace(
                provenance,
                model=sent.model,
                provider_sha256=self.pictures.put(
                    job.user_id, provider_results_of(job.id), sent.picture, sent.media_type
                ),
                provider_media_type=sent.media_type,
                prompt_version=sent.prompt_version,
                response_id=sent.response_id,
                input_tokens=sent.input_tokens,
                output_tokens=sent.output_tokens,
            )
        self._tidy(self.store.get(PhotoJob, job.id))
        return {
            "became": _Became.STAGED.value,
            "result": result,
            "media_type": staged.media_type,
            "provenance": asdict(provenance),
            "prompt": prompt,
            "calls": [{**asdict(call), "call_id": str(call.call_id)} for call in staged.calls],
        }

    def record(self, job_id: UUID, photo_id: UUID, answer: Answer) -> None:
        """Tell the job what `stage` answered. Repeated, or too late, it changes nothing."""
        match answer["became"]:
            case _Became.STAGED:
                provenance = self._provenance(job_id, photo_id, answer)
                self.jobs.record_staged(job_id, photo_id, answer["result"], answer["media_type"], provenance)
            case _Became.HANDED_IN:
                self._collected(job_id, photo_id, answer)
            case _Became.REFUSED:
                self.jobs.record_refused(job_id, photo_id, answer["code"])
            case _Became.FAILED:
                self.jobs.record_failed(job_id, photo_id, answer["code"])

    def _provenance(self, job_id: UUID, photo_id: UUID, answer: Answer) -> Provenance:
        """With everything that was spent on the photo, attempts in vain included."""
        provenance = Provenance(**answer["provenance"])
        if prompt := answer.get("prompt"):
            provenance = replace(provenance, prompt=self.sealer.sealed(prompt))
        latest = [
            ProviderCall(**{**call, "call_id": UUID(call["call_id"])}) for call in answer.get("calls", ())
        ]
        self.calls.add(job_id, photo_id, latest)
        made = self.calls.of(photo_id)
        return replace(
            provenance,
            attempts=max(1, len(made)),
            cost_micros=sum(call.cost_micros for call in made),
        )

    def _tidy(self, job: PhotoJob) -> None:
        """A result that was put while the job was deleted may lie where all others are gone already."""
        if PictureKind.RESULTS in job.removed:
            self.pictures.clear(job.user_id, results_of(job.id))

    def give_up(self, job_id: UUID, photo_id: UUID) -> None:
        """No attempt is left: the photo fails for what the last call told. Repeated or too late, it changes nothing."""
        outcomes = [call.outcome for call in self.calls.of(photo_id)]
        told = outcomes[-1] if outcomes and outcomes[-1] in TOLD else GIVEN_UP
        self.jobs.record_failed(job_id, photo_id, told)
