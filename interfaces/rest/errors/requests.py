"""What can be wrong with a request, whoever sends it."""

from collections.abc import Mapping
from typing import Final

from application.errors import NotFound
from interfaces.rest.errors.answer import RETRY, Answer
from interfaces.rest.errors.faults import (
    BodyTooLarge,
    BodyTooSlow,
    CursorInvalid,
    Disconnected,
    IdempotencyConflict,
    IfMatchInvalid,
    MalformedJson,
    MalformedRequest,
    MethodNotAllowed,
    RangeNotSatisfiable,
    RateLimited,
    RequestInProgress,
    RoleHidden,
    RouteNotFound,
    TooManyStreams,
    UnsupportedContentEncoding,
    UnsupportedContentType,
    ValidationFailed,
)

_NOT_FOUND: Final = Answer(404, "not_found", "Not found", "There is nothing at this address.")

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    MalformedJson: Answer(400, "malformed_json", "Not JSON", "The body must be one JSON object in UTF-8."),
    MalformedRequest: Answer(
        400,
        "malformed_request",
        "Not readable",
        "The body is cut off or not what its Content-Type says, or a header cannot be read.",
    ),
    UnsupportedContentType: Answer(
        415,
        "unsupported_content_type",
        "Wrong Content-Type",
        "This address takes a body of Content-Type {expected}.",
        {"expected": "application/json"},
    ),
    UnsupportedContentEncoding: Answer(
        415,
        "unsupported_content_encoding",
        "Packed body",
        "Bodies are taken as they are: send this one without Content-Encoding.",
        headers={"Accept-Encoding": "identity"},
    ),
    BodyTooLarge: Answer(
        413, "body_too_large", "Too large", "The body may have {limit} bytes at the most.", {"limit": 100_000}
    ),
    BodyTooSlow: Answer(
        408,
        "body_too_slow",
        "Too slow",
        "The body did not arrive in time; send it again, over a better connection.",
    ),
    ValidationFailed: Answer(
        422,
        "validation_failed",
        "Not acceptable as it is",
        "Some fields are missing, unknown or of the wrong kind; `errors` names each.",
        {"errors": [{"field": "brief.preset", "problem": "Invalid enum value 'sparkle'"}]},
    ),
    CursorInvalid: Answer(
        422,
        "cursor_invalid",
        "Unknown cursor",
        "Use `next_cursor` of the page before, or none for the newest.",
    ),
    RouteNotFound: _NOT_FOUND,
    RoleHidden: _NOT_FOUND,
    MethodNotAllowed: Answer(
        405, "method_not_allowed", "Method not allowed", "This address takes {allowed}.", {"allowed": "GET"}
    ),
    IdempotencyConflict: Answer(
        409,
        "idempotency_conflict",
        "Key used before",
        "This Idempotency-Key was sent with another content before; use a new one for a new request.",
    ),
    RequestInProgress: Answer(
        409,
        "request_in_progress",
        "Still in progress",
        "The same request is still being answered; send it again in a moment.",
        headers=RETRY,
    ),
    IfMatchInvalid: Answer(
        400,
        "if_match_invalid",
        "Not an If-Match",
        'If-Match takes the ETag of what you have seen, in its quotes, such as "7.0", or *.',
    ),
    RangeNotSatisfiable: Answer(
        416,
        "range_not_satisfiable",
        "No such range",
        "There are {size} bytes; ask for some of those.",
        {"size": 120_000},
    ),
    RateLimited: Answer(
        429,
        "rate_limited",
        "Too many requests",
        "{limit} requests of this kind are answered a minute; come back in {retry_after} seconds.",
        {"limit": 300, "retry_after": 12},
    ),
    TooManyStreams: Answer(
        429,
        "too_many_streams",
        "Too many streams",
        "{limit} streams of events may be open at once; close one.",
        {"limit": 20},
        headers={"Retry-After": "5"},
    ),
    Disconnected: Answer(400, "disconnected", "Disconnected", "The request did not arrive whole."),
    NotFound: Answer(404, "not_found", "Not found", "There is no such thing, or it is not yours."),
}
