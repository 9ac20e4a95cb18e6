"""Gemini's batches as a stager that takes its time: one photo a batch, so that no answer can be another's."""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

import structlog
from google.genai import types

from application.stagers import ProviderCall, Refusal, RetryLater, StagedPicture, StagingFailed, Ticket
from domain.brief import Brief
from infrastructure.staging.gemini import CAP_PAUSE, LEASE_MARGIN, NO_MODEL, GeminiStager, staged
from infrastructure.staging.limits import Busy
from infrastructure.staging.models import ImageModel
from infrastructure.staging.prompting import Prompt
from infrastructure.staging.spending import SpendingCapReached
from infrastructure.staging.verdicts import Kind, Picture, Verdict, of_answer, of_error, of_result

_ENDED_WELL = {types.JobState.JOB_STATE_SUCCEEDED, types.JobState.JOB_STATE_PARTIALLY_SUCCEEDED}
_ENDED_BADLY = {
    types.JobState.JOB_STATE_FAILED,
    types.JobState.JOB_STATE_CANCELLED,
    types.JobState.JOB_STATE_EXPIRED,
}
LOOK_AGAIN = timedelta(seconds=60)
"""After a look that the provider did not answer."""

log = structlog.get_logger()


class GeminiBatches:
    """Hands photos in with the models, prompts, limits and cap of a GeminiStager, and judges answers like it."""

    def __init__(self, stager: GeminiStager) -> None:
        self._stager = stager

    def hand_in(self, name: str, photo: bytes, brief: Brief) -> Ticket:
        """Raises RetryLater, StagingFailed or PhotoRejected."""
        stager = self._stager
        model = next(iter(stager.registry.usable(stager.day())), None)
        if model is None:
            raise RetryLater(NO_MODEL)
        prompt = stager.prompts.render(brief)
        asked = stager.asked(model, prompt, photo)
        try:
            permit = stager.limits.enter(model, lease=stager.client.deadline + LEASE_MARGIN)
        except Busy as busy:
            raise RetryLater(timedelta(seconds=max(1.0, busy.seconds))) from None
        try:
            aside = stager.spending.set_aside(model.batch_cost_micros)
            try:
                job = stager.client.create_batch(model.name, asked, name)
            except Exception as error:  # noqa: BLE001 - whatever the client raises is an answer of some kind
                verdict = of_error(error)
                if not verdict.billed:
                    stager.spending.give_back(aside)
                raise self._unstaged(model, verdict, f"{name}/{datetime.now(UTC).isoformat()}") from None
        except SpendingCapReached as reached:
            raise RetryLater(min(reached.delay, CAP_PAUSE)) from None
        finally:
            stager.limits.leave(permit)
        if not job.name:
            raise self._unstaged(model, Verdict(Kind.FAILED, "provider_answer_unusable", billed=True), name)
        return Ticket(job.name, model.name, prompt.text, prompt.version)

    def collect(self, ticket: Ticket, photo: bytes, brief: Brief) -> StagedPicture | None:
        """Raises Refusal, RetryLater or StagingFailed, each with the one call that the batch was."""
        try:
            job = self._stager.client.batch(ticket.batch)
        except Exception as error:  # noqa: BLE001 - whatever the client raises is an answer of some kind
            verdict = of_error(error)
            if verdict.kind is not Kind.RETIRED:
                raise RetryLater(LOOK_AGAIN) from None
            found: Picture | Verdict = Verdict(
                Kind.FAILED, "provider_unavailable"
            )  # it is not there any more
            job = types.BatchJob()
        else:
            if job.state not in _ENDED_WELL | _ENDED_BADLY:
                return None
            found = _found(job)
        model = self._model(ticket)
        if isinstance(found, Verdict):
            raise self._unstaged(model, found, ticket.batch, job)
        try:
            finished = self._stager.finished(found, photo, brief.preset)
        except StagingFailed as failed:
            call = _call(model, ticket.batch, failed.code, found, job)
            raise StagingFailed(failed.code, (call,)) from None
        call = _call(model, ticket.batch, "image", found, job)
        return staged(finished, model, Prompt(ticket.prompt, ticket.prompt_version), found, (call,))

    def withdraw(self, ticket: Ticket) -> None:
        """Too late, or unanswered, it changes nothing: the batch ends by itself within a day."""
        try:
            self._stager.client.cancel_batch(ticket.batch)
        except Exception as error:  # noqa: BLE001 - nobody waits for it any more
            log.info("gemini.batch_not_withdrawn", error=type(error).__name__)

    def _model(self, ticket: Ticket) -> ImageModel:
        """As the registry has it, also once it has retired there."""
        return next(model for model in self._stager.registry.models if model.name == ticket.model)

    def _unstaged(
        self, model: ImageModel, verdict: Verdict, batch: str, job: types.BatchJob | None = None
    ) -> Exception:
        calls = (_call(model, batch, verdict.code, verdict, job),)
        match verdict.kind:
            case Kind.BUSY:
                self._stager.limits.rest(model.name, verdict.seconds)
                return RetryLater(timedelta(seconds=verdict.seconds), calls)
            case Kind.REFUSED:
                return Refusal(verdict.code, calls)
            case _:
                return StagingFailed(verdict.code, calls, final=verdict.kind is Kind.UNUSABLE)


def _found(job: types.BatchJob) -> Picture | Verdict:
    """What the batch says of its one request; of a failed one only its state is known."""
    results = (job.dest.inlined_responses if job.dest else None) or []
    if job.state in _ENDED_BADLY or not results:
        return Verdict(Kind.FAILED, "provider_unavailable")
    result = results[0]
    if result.error:
        return of_result(result.error)
    if result.response is None:
        return Verdict(Kind.FAILED, "provider_answer_unusable", billed=True)
    return of_answer(result.response)


def _call(
    model: ImageModel, batch: str, outcome: str, found: Picture | Verdict, job: types.BatchJob | None
) -> ProviderCall:
    """The call that the batch was; however often it is looked at, it is one."""
    took = job.end_time - job.create_time if job and job.end_time and job.create_time else timedelta(0)
    billed = isinstance(found, Picture) or found.billed
    return ProviderCall(
        call_id=uuid5(NAMESPACE_URL, f"gemini/{batch}"),
        model=model.name,
        outcome=outcome,
        milliseconds=round(took.total_seconds() * 1000),
        cost_micros=model.batch_cost_micros if billed else 0,
        input_tokens=found.input_tokens,
        output_tokens=found.output_tokens,
    )
