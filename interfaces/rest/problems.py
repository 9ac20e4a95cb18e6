"""Errors as RFC 9457 problem+json: whatever is raised, in the words of the table in errors/."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import ParameterKwarg
from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from application.context import current
from interfaces.rest.errors.answer import Answer
from interfaces.rest.errors.faults import (
    FieldProblem,
    MalformedRequest,
    MethodNotAllowed,
    RangeNotSatisfiable,
    RateLimited,
    RouteNotFound,
    Unavailable,
    Unexpected,
    ValidationFailed,
)
from interfaces.rest.errors.table import ANSWERS, answer, told_as
from interfaces.rest.methods import allowed
from interfaces.rest.refusals import note

MEDIA_TYPE = "application/problem+json"
DOCUMENTATION = "/docs"

AnyRequest = Request[Any, Any, Any]

log = structlog.get_logger()


class Problem(Struct, frozen=True):
    """What went wrong. Further members carry the values that the detail speaks of."""

    type: Annotated[str, Meta(description="Where this kind of problem is described")]
    title: str
    status: Annotated[int, Meta(description="The HTTP status")]
    code: Annotated[str, Meta(description="Stable, for programs")]
    detail: Annotated[str, Meta(description="What was wrong and what would be right, for people")]
    request_id: Annotated[str, Meta(description="Names this request in our logs")]
    errors: (
        Annotated[list[FieldProblem], Meta(description="For validation_failed: each wrong field")] | UnsetType
    ) = UNSET


def problem(request: AnyRequest, error: Exception) -> Response[dict[str, Any]]:
    """Answer any error. What is not expected is logged whole and told by its request id alone."""
    told = told_as(_translated(request, error))
    note(request, told)
    if isinstance(told, Unexpected):
        log.error("request.failed", request_id=current().correlation, exc_info=error)
    elif isinstance(told, Unavailable):
        log.warning("request.unavailable", request_id=current().correlation, error=type(error).__name__)
    known = answer(type(told))
    headers = dict(known.headers)
    if isinstance(told, MethodNotAllowed):
        headers["Allow"] = told.allowed
    elif isinstance(told, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{told.size}"
    elif isinstance(told, RateLimited):
        headers["Retry-After"] = str(told.retry_after)
    return Response(
        of(told, known),
        status_code=known.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def of(error: Exception, known: Answer) -> dict[str, Any]:
    """An error that the table knows as the problem of this request."""
    values = {name: to_builtins(getattr(error, known.attributes.get(name, name))) for name in known.values}
    return body(known, values, request_id=current().correlation)


def body(known: Answer, values: Mapping[str, Any], *, request_id: str) -> dict[str, Any]:
    """The problem as JSON has it."""
    return {
        "type": f"{DOCUMENTATION}#problem-{known.code}",
        "title": known.title,
        "status": known.status,
        "code": known.code,
        "detail": known.detail.format(**values),
        "request_id": request_id,
        **values,
    }


def problems(*kinds: type[Exception]) -> dict[int, ResponseSpec]:
    """What a route may answer when something is wrong, for its documentation, by status."""
    by_status: dict[int, list[Answer]] = {}
    for kind in kinds:
        by_status.setdefault(ANSWERS[kind].status, []).append(ANSWERS[kind])
    return {
        status: ResponseSpec(
            data_container=Problem,
            description=described(answers),
            media_type=MEDIA_TYPE,
            generate_examples=False,
            examples=[Example(id=known.code, summary=known.title, value=example(known)) for known in answers],
        )
        for status, answers in sorted(by_status.items())
    }


def described(answers: list[Answer]) -> str:
    return "; ".join(f"`{known.code}`: {known.title}" for known in answers)


def example(known: Answer) -> dict[str, Any]:
    return body(known, known.values, request_id="5c2f8f3e0d5b4f6f9a0c1f2e3d4b5a69")


def _translated(request: AnyRequest, error: Exception) -> Exception:
    """What the framework says, in our words."""
    match error:
        case ValidationException():
            return ValidationFailed(_wrong_parameters(request, error))
        case NotFoundException():
            return RouteNotFound()
        case MethodNotAllowedException():
            return MethodNotAllowed(allowed((error.headers or {}).get("allow", "").split(", ")))
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return MalformedRequest()
    return error


def _wrong_parameters(request: AnyRequest, error: ValidationException) -> list[FieldProblem]:
    """Each wrong parameter by the name that clients know; none can be null, only missing."""
    handler = request.route_handler
    signatures = [one.parsed_fn_signature for one in handler.resolve_dependencies().values()]
    named = {
        name: parameter.kwarg_definition.name
        for signature in [*signatures, handler.parsed_fn_signature]
        for name, parameter in signature.parameters.items()
        if isinstance(parameter.kwarg_definition, ParameterKwarg) and parameter.kwarg_definition.name
    }
    return [
        FieldProblem(named.get(key, key), str(one.get("message")).replace(" | null`", "`"))
        for one in (error.extra if isinstance(error.extra, list) else [])
        if isinstance(one, Mapping) and (key := str(one.get("key", "request")))
    ] or [FieldProblem("request", error.detail)]
