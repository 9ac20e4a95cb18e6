"""Gemini as a stager: which model is asked when, and what follows from its answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import structlog

from application.photos import PhotoRejected
from application.stagers import ProviderCall, Refusal, RetryLater, Sent, StagedPicture, StagingFailed
from domain.brief import Brief, Preset
from infrastructure.imaging import quality
from infrastructure.imaging.local_darkroom import LocalDarkroom
from infrastructure.staging.gemini_client import Asked, GeminiClient
from infrastructure.staging.limits import Busy, Limits, Permit
from infrastructure.staging.models import ImageModel, ModelRegistry, Size
from infrastructure.staging.prompting import Prompt, Prompts
from infrastructure.staging.spending import DailySpending, SpendingCapReached
from infrastructure.staging.verdicts import Kind, Picture, Verdict, of_answer, of_error

ENGINE = "gemini"
SIDES: dict[Size, int] = {"1K": 1024, "2K": 2048, "4K": 4096}
"""Pixels of the longer side that a photo is sent with, as many as the picture that is asked for."""
PATIENCE = 2.0
"""Seconds that an attempt waits for its turn before its row does: meanwhile its job may be cancelled."""
FALL_BACK_AFTER = 20.0
"""Seconds: if a model will be away for longer, the next one is asked, though it may cost more."""
RETIRED = 3600.0
"""Seconds for which a model that is gone is not asked again."""
LEASE_MARGIN = 30.0
"""Seconds beyond its deadline after which a call of a dead worker does not count any more."""
CAP_PAUSE = timedelta(minutes=10)
"""How often it is looked whether there is a new day, or a higher cap."""
NO_MODEL = timedelta(minutes=10)
"""How long a photo waits when every model has retired: the registry needs an operator."""

log = structlog.get_logger()


class _ModelAway(Exception):
    """This model cannot be asked for so many seconds; another one can."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class GeminiStager:
    """An attempt asks each model once at the most; trying again is the reaction's business."""

    presets = frozenset(Preset)

    def __init__(
        self,
        client: GeminiClient,
        *,
        registry: ModelRegistry,
        prompts: Prompts,
        limits: Limits,
        spending: DailySpending,
        darkroom: LocalDarkroom,
        day: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self.client = client
        self.registry = registry
        self.prompts = prompts
        self.limits = limits
        self.spending = spending
        self.darkroom = darkroom
        self.day = day

    def stage(self, photo: bytes, brief: Brief) -> StagedPicture:
        """Raises Refusal, RetryLater, StagingFailed or PhotoRejected; all but the last tell the calls made."""
        attempt = _Attempt(self, photo, brief)
        waits: list[float] = []
        for model in self.registry.usable(self.day()):
            try:
                return attempt.by(model)
            except _ModelAway as away:
                waits.append(away.seconds)
        if not waits:
            log.error("gemini.no_model", checked=self.registry.checked.isoformat())
        raise RetryLater(timedelta(seconds=min(waits)) if waits else NO_MODEL, tuple(attempt.calls))

    def asked(self, model: ImageModel, prompt: Prompt, photo: bytes) -> Asked:
        """The request for this photo. Raises PhotoRejected."""
        prepared = self.darkroom.prepare(photo, SIDES[model.size])
        return Asked(prompt.text, prepared.picture, shape=prepared.shape, size=model.size)

    def finished(self, picture: Picture, photo: bytes, preset: Preset) -> bytes:
        """The picture in the photo's frame. Raises StagingFailed, without calls, if it must not be delivered."""
        try:
            finished = self.darkroom.finish(photo, picture.picture)
        except PhotoRejected:
            raise StagingFailed("provider_answer_unusable") from None
        if found := quality.fault(preset, finished):
            log.warning(
                "gemini.poor_result",
                fault=found,
                misshapen=round(finished.misshapen, 3),
                contrast=round(finished.contrast, 1),
                change=round(finished.change, 1),
                structure=round(finished.structure, 2),
            )
            raise StagingFailed(found)
        return finished.picture

    def close(self) -> None:
        self.client.close()


class _Attempt:
    """One attempt at one photo, and the calls that it has made so far."""

    def __init__(self, stager: GeminiStager, photo: bytes, brief: Brief) -> None:
        self.calls: list[ProviderCall] = []
        self._stager = stager
        self._photo = photo
        self._preset = brief.preset
        self._prompt = stager.prompts.render(brief)

    def by(self, model: ImageModel) -> StagedPicture:
        """Raises _ModelAway when the next model should be asked."""
        with self._turn(model):  # nothing is prepared by those who only wait, and they are many
            found = self._called(model, self._stager.asked(model, self._prompt, self._photo))
        if isinstance(found, Verdict):
            raise self._judged(model, found)
        self._stager.limits.succeeded(model.name)
        try:
            finished = self._stager.finished(found, self._photo, self._preset)
        except StagingFailed as failed:
            self.calls[-1] = replace(self.calls[-1], outcome=failed.code)
            raise StagingFailed(failed.code, tuple(self.calls)) from None
        return staged(finished, model, self._prompt, found, tuple(self.calls))

    @contextmanager
    def _turn(self, model: ImageModel) -> Iterator[None]:
        """Inside, one call may be made. Raises _ModelAway or RetryLater."""
        permit = self._permitted(model)
        try:
            yield
        finally:
            self._stager.limits.leave(permit)

    def _permitted(self, model: ImageModel) -> Permit:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self._stager.limits.enter(model, lease=self._stager.client.deadline + LEASE_MARGIN)
            except Busy as busy:
                if busy.resting and busy.seconds > FALL_BACK_AFTER:
                    raise _ModelAway(busy.seconds) from None
                if time.monotonic() + busy.seconds > until:
                    raise RetryLater(timedelta(seconds=busy.seconds), tuple(self.calls)) from None
                time.sleep(busy.seconds)

    def _called(self, model: ImageModel, asked: Asked) -> Picture | Verdict:
        """What came of one call, noted with its price. Raises RetryLater when nothing more may be spent."""
        spending, call_id, began = self._stager.spending, uuid4(), time.monotonic()
        try:
            aside = spending.set_aside(model.cost_micros)
        except SpendingCapReached as reached:
            log.warning("gemini.spending_cap_reached")
            raise RetryLater(min(reached.delay, CAP_PAUSE), tuple(self.calls)) from None
        try:
            found = of_answer(self._stager.client.generate(model.name, asked))
        except Exception as error:  # noqa: BLE001 - whatever the client raises is an answer of some kind
            found = of_error(error)
            log.warning("gemini.call_failed", model=model.name, error=type(error).__name__, code=found.code)
        billed = not isinstance(found, Verdict) or found.billed
        if not billed:
            spending.give_back(aside)
        call = ProviderCall(
            call_id=call_id,
            model=model.name,
            outcome=found.code if isinstance(found, Verdict) else "image",
            milliseconds=round((time.monotonic() - began) * 1000),
            cost_micros=model.cost_micros if billed else 0,
            input_tokens=found.input_tokens,
            output_tokens=found.output_tokens,
        )
        self.calls.append(call)
        log.info("gemini.called", model=model.name, outcome=call.outcome, ms=call.milliseconds)
        return found

    def _judged(self, model: ImageModel, verdict: Verdict) -> Exception:
        """What an attempt without a picture ends with, once the limits know what they should."""
        limits, calls = self._stager.limits, tuple(self.calls)
        match verdict.kind:
            case Kind.BUSY:
                limits.rest(model.name, verdict.seconds)
                if verdict.seconds > FALL_BACK_AFTER:
                    return _ModelAway(verdict.seconds)
                return RetryLater(timedelta(seconds=verdict.seconds), calls)
            case Kind.RETIRED:
                log.error("gemini.model_retired", model=model.name)
                limits.rest(model.name, RETIRED)
                return _ModelAway(RETIRED)
            case Kind.REFUSED:
                return Refusal(verdict.code, calls)
            case Kind.BROKEN:
                if limits.failed(model.name):
                    log.error("gemini.circuit_opened", model=model.name, code=verdict.code)
            case Kind.FAILED if verdict.code == "provider_refused_us":
                log.error("gemini.refused_us", model=model.name)
        return StagingFailed(verdict.code, calls, final=verdict.kind is Kind.UNUSABLE)


def staged(
    finished: bytes,
    model: ImageModel,
    prompt: Prompt,
    picture: Picture,
    calls: tuple[ProviderCall, ...],
) -> StagedPicture:
    """The picture with all that is to be told about it later."""
    return StagedPicture(
        finished,
        "image/jpeg",
        engine=ENGINE,
        version=picture.model_version or model.name,
        sent=Sent(
            model=model.name,
            prompt=prompt.text,
            prompt_version=prompt.version,
            response_id=picture.response_id,
            input_tokens=picture.input_tokens,
            output_tokens=picture.output_tokens,
            picture=picture.picture,
            media_type=picture.media_type,
        ),
        calls=calls,
    )
