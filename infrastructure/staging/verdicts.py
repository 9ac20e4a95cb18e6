"""What an answer of Gemini means, or an error instead of one: a picture, a refusal, or which kind of failure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import httpx2
from google.genai import errors, types

BUSY_SECONDS = 30.0
"""How long a model that has too much to do is left alone when it does not say for how long."""

_REFUSALS = {
    "SAFETY": "refused_safety",
    "IMAGE_SAFETY": "refused_safety",
    "MODEL_ARMOR": "refused_safety",
    "JAILBREAK": "refused_safety",
    "PROHIBITED_CONTENT": "refused_prohibited",
    "IMAGE_PROHIBITED_CONTENT": "refused_prohibited",
    "BLOCKLIST": "refused_words",
    "SPII": "refused_people",
    "RECITATION": "refused_copyright",
    "IMAGE_RECITATION": "refused_copyright",
}
"""Codes of ours for the reasons of theirs that asking again does not change."""
_BLOCKED = "refused"
"""For a prompt that was blocked for a reason that has no code."""
_OURS = {"API_KEY_INVALID", "API_KEY_EXPIRED", "FAILED_PRECONDITION", "PERMISSION_DENIED", "UNAUTHENTICATED"}
"""What is wrong with our account, and not with a photo, though its status may be 400."""
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


class Kind(StrEnum):
    REFUSED = "refused"
    """The safety rules; asking again does not help."""
    UNUSABLE = "unusable"
    """Neither will it with this photo, though no safety rule is at stake."""
    FAILED = "failed"
    """Asking again may help."""
    BROKEN = "broken"
    """The same, and it speaks against the model: enough of these open its circuit."""
    BUSY = "busy"
    """Asking again helps only after a while."""
    RETIRED = "retired"
    """The model is gone."""


@dataclass(frozen=True)
class Verdict:
    """There is no picture, and why."""

    kind: Kind
    code: str
    """As reasons.TOLD has it."""
    billed: bool = False
    """Whether it may have to be paid for."""
    seconds: float = 0.0
    """How long the provider asks to be left alone."""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Picture:
    picture: bytes
    """As it came."""
    media_type: str
    model_version: str | None
    response_id: str | None
    input_tokens: int
    output_tokens: int


_STATUSES: dict[int, Verdict] = {
    HTTPStatus.BAD_REQUEST: Verdict(Kind.UNUSABLE, "photo_not_taken"),
    HTTPStatus.UNAUTHORIZED: Verdict(Kind.FAILED, "provider_refused_us"),
    HTTPStatus.FORBIDDEN: Verdict(Kind.FAILED, "provider_refused_us"),
    HTTPStatus.NOT_FOUND: Verdict(Kind.RETIRED, "provider_unavailable"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Verdict(Kind.UNUSABLE, "photo_not_taken"),
    HTTPStatus.UNPROCESSABLE_ENTITY: Verdict(Kind.UNUSABLE, "photo_not_taken"),
    HTTPStatus.GATEWAY_TIMEOUT: Verdict(Kind.BROKEN, "provider_too_slow", billed=True),
}
_GRPC_INVALID_ARGUMENT = 3
_GRPC_REFUSED_US = (7, 16)
"""PERMISSION_DENIED and UNAUTHENTICATED."""


def of_answer(answer: types.GenerateContentResponse) -> Picture | Verdict:
    """The last picture that is no draft; or why there is none."""
    candidates = answer.candidates or []
    if not candidates:
        if (feedback := answer.prompt_feedback) and feedback.block_reason:
            return Verdict(Kind.REFUSED, _REFUSALS.get(_name(feedback.block_reason), _BLOCKED))
        return Verdict(Kind.FAILED, "provider_answer_unusable")
    reason = _name(candidates[0].finish_reason)
    if reason in _REFUSALS:
        return Verdict(Kind.REFUSED, _REFUSALS[reason])
    content, usage = candidates[0].content, answer.usage_metadata
    input_tokens = (usage and usage.prompt_token_count) or 0
    output_tokens = (usage and usage.candidates_token_count) or 0
    for part in reversed((content.parts if content else None) or []):
        if not part.thought and (blob := part.inline_data) and blob.data:
            return Picture(
                blob.data,
                blob.mime_type or "image/png",
                answer.model_version,
                answer.response_id,
                input_tokens,
                output_tokens,
            )
    return Verdict(
        Kind.FAILED, "no_image", billed=True, input_tokens=input_tokens, output_tokens=output_tokens
    )


def of_error(error: Exception) -> Verdict:
    """What an exception of a call says. Those of the library are APIError, those of its network are not."""
    match error:
        case errors.APIError():
            return _of_status(error)
        case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return Verdict(Kind.BROKEN, "provider_unavailable")
        case TimeoutError() | httpx2.TimeoutException():
            return Verdict(Kind.BROKEN, "provider_too_slow", billed=True)
        case httpx2.TransportError() | OSError():
            return Verdict(Kind.BROKEN, "provider_unavailable", billed=True)
        case _:  # JSON that ends too early, corrupt base64, and whatever else cannot be understood
            return Verdict(Kind.BROKEN, "provider_answer_unusable", billed=True)


def of_result(error: types.JobError) -> Verdict:
    """What a batch says of one of its requests, with a code of gRPC's."""
    if error.code in _GRPC_REFUSED_US:
        return Verdict(Kind.FAILED, "provider_refused_us")
    if error.code == _GRPC_INVALID_ARGUMENT:
        return Verdict(Kind.UNUSABLE, "photo_not_taken")
    return Verdict(Kind.FAILED, "provider_unavailable")


def _of_status(error: errors.APIError) -> Verdict:
    details = _details(error)
    reasons = {str(detail.get("reason")) for detail in details} | {str(error.status)}
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict(Kind.BUSY, "provider_busy", seconds=_retry_delay(details))
    if error.code == HTTPStatus.BAD_REQUEST and reasons & _OURS:
        return Verdict(Kind.FAILED, "provider_refused_us")
    if error.code in _STATUSES:
        return _STATUSES[error.code]
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict(Kind.BROKEN, "provider_unavailable")
    return Verdict(
        Kind.BROKEN, "provider_answer_unusable"
    )  # a redirection: key and photo are for nobody else


def _details(error: errors.APIError) -> list[dict[str, Any]]:
    told = error.details
    inside = told.get("error") if isinstance(told, dict) else None
    details = inside.get("details") if isinstance(inside, dict) else None
    return [detail for detail in details or [] if isinstance(detail, dict)]


def _retry_delay(details: list[dict[str, Any]]) -> float:
    """Seconds; of a RetryInfo, or else BUSY_SECONDS."""
    for detail in details:
        if str(detail.get("@type", "")).endswith("RetryInfo"):
            found = _SECONDS.fullmatch(str(detail.get("retryDelay", "")))
            if found:
                return float(found[1])
    return BUSY_SECONDS


def _name(reason: Any) -> str:
    """Of a reason that may be newer than the library: such ones are members made up as they come."""
    return str(getattr(reason, "value", reason)).upper()
