"""The API's description for programs: what the framework tells, completed by what holds for every route."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from application.api_keys import KeyScope
from application.photos import PhotoTooLarge
from interfaces.rest.addresses import API
from interfaces.rest.authentication import SessionCookie
from interfaces.rest.bodies import expected_type
from interfaces.rest.errors.faults import (
    BodyTooLarge,
    BodyTooSlow,
    CsrfRejected,
    MalformedJson,
    MalformedRequest,
    NotSignedIn,
    PositionUnknown,
    RangeNotSatisfiable,
    RateLimited,
    RoleMissing,
    RouteNotFound,
    ScopeMissing,
    SessionNeeded,
    Unavailable,
    Unexpected,
    UnsupportedContentEncoding,
    UnsupportedContentType,
    ValidationFailed,
)
from interfaces.rest.errors.table import ANSWERS
from interfaces.rest.freshness import WAIT_FOR_POSITION
from interfaces.rest.limits import POLICY, STATE, Limits, lane
from interfaces.rest.problems import MEDIA_TYPE, described, example
from interfaces.rest.scopes import scope

PROBLEM_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}

BINARY: Final = {"type": "string", "format": "binary"}
PICTURES: Final = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif")

Document = dict[str, Any]

HEADERS: Final[Mapping[str, tuple[str, str | int]]] = {
    POLICY: ("The limit that this request was counted for: `q` requests in `w` seconds.", '"jobs";q=10;w=60'),
    STATE: ("What is left of it: `r` requests; if none, one more in `t` seconds.", '"jobs";r=9;t=0'),
    "Retry-After": ("In seconds.", 6),
    "WWW-Authenticate": ("How to sign in.", ANSWERS[NotSignedIn].headers["WWW-Authenticate"]),
    "Accept-Encoding": ("How bodies may be packed: not at all.", "identity"),
    "Accept-Ranges": ("What can be asked for in parts.", "bytes"),
    "Content-Range": ("Which bytes these are, of how many.", "bytes 0-1023/120000"),
    "ETag": ("The version of this answer.", '"9f86d081884c7d65"'),
}
"""What is said of the headers that answers of many routes have, each with an example."""

_MEASURED: Final[Mapping[type[Exception], str]] = {
    RateLimited: "Retry-After",
    RangeNotSatisfiable: "Content-Range",
}
"""Headers of problems whose values depend on the request."""
_PROBLEM_HEADERS: Final = {
    known.code: {*known.headers, *([_MEASURED[kind]] if kind in _MEASURED else [])}
    for kind, known in ANSWERS.items()
}
"""By the problem's code."""
_HEADERS: Final = {
    str(HTTPStatus.PARTIAL_CONTENT.value): {"Accept-Ranges", "Content-Range", "ETag"},
    str(HTTPStatus.NOT_MODIFIED.value): {"ETag"},
}
"""Of other answers, by their status."""


def complete(app: Litestar) -> Document:
    """The OpenAPI document, with every error that a route can answer and an example of every body."""
    document: Document = app.openapi_schema.to_schema()
    session_cookie: SessionCookie = app.state.session_cookie
    limits: Limits = app.state.limits
    document["components"]["headers"] = {
        name: {
            "description": about,
            "schema": {"type": "integer" if isinstance(value, int) else "string"},
            "example": value,
        }
        for name, (about, value) in HEADERS.items()
    }
    document["components"]["securitySchemes"]["cookie"]["name"] = session_cookie.name
    schemas = document["components"]["schemas"]
    for path, method, handler in _handlers(app):
        operation = document["paths"][path][method]
        operation["security"] = _opened_by(handler, scope(method.upper(), path))
        if described := handler.opt.get("body"):
            operation["requestBody"] = described
        for media in operation.get("requestBody", {}).get("content", {}).values():
            _close(media["schema"], schemas)
        for parameter in operation.get("parameters", []):
            _tidy_parameter(parameter)
        _tidy_success(operation["responses"][str(handler.status_code)], handler.status_code)
        operation["responses"][str(handler.status_code)].get("content", {}).update(
            handler.opt.get("also", {})
        )
        _add_problems(operation, handler, method, path)
        _add_headers(operation["responses"])
        if counted := lane(method.upper(), path.removeprefix(API)):
            _add_limit(operation["responses"], limits.most[counted])
        for media in _media(operation):
            media.setdefault("example", sample(media["schema"], schemas))
    return document


def _opened_by(handler: HTTPRouteHandler, needed: KeyScope | None) -> list[dict[str, list[str]]]:
    """The security schemes of which any one will do, an API key with the scope that it needs."""
    if handler.opt.get("open"):
        return []
    link: list[dict[str, list[str]]] = [{"link": []}] if handler.opt.get("signed") else []
    if handler.opt.get("only_signed"):
        return link
    return [{"bearer": []}, {"cookie": []}, *([{"api_key": [needed.value]}] if needed else []), *link]


def _add_headers(responses: Document) -> None:
    """Those that come with a problem, with a part of what was asked for, or instead of it."""
    for status, response in responses.items():
        codes = response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
        for name in sorted(_HEADERS.get(status, set()).union(*(_PROBLEM_HEADERS[code] for code in codes))):
            response.setdefault("headers", {})[name] = {"$ref": f"#/components/headers/{name}"}


def _add_limit(responses: Document, most: int) -> None:
    """Which requests are counted together, their answers tell."""
    refused = responses[str(HTTPStatus.TOO_MANY_REQUESTS.value)]
    refused["description"] += f" (more than {most} a minute, by user or, signed out, by IP)"
    for response in responses.values():
        response.setdefault("headers", {}).update(
            {name: {"$ref": f"#/components/headers/{name}"} for name in (POLICY, STATE)}
        )


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """An example of a schema, put together from those of its fields."""
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "properties" in schema:
        return {name: sample(field, schemas) for name, field in schema["properties"].items()}
    if given := schema.get("examples") or schema.get("enum"):
        return given[0]
    if choices := schema.get("oneOf"):
        return sample(choices[0], schemas)
    return [sample(schema["items"], schemas)] if "items" in schema else _PLAIN.get(schema.get("type", ""))


_PLAIN: Final[Mapping[str, Any]] = {"boolean": True, "integer": 1, "number": 1.0, "string": "…"}


def _handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    for method in handler.http_methods:
                        yield route.path_format, method.lower(), handler


def _close(schema: Document, schemas: Mapping[str, Any]) -> None:
    """Say that fields which are not described are refused, all the way down."""
    if "$ref" in schema:
        _close(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for within in [*schema.get("properties", {}).values(), *schema.get("oneOf", [])]:
        _close(within, schemas)
    if "items" in schema:
        _close(schema["items"], schemas)
    if "properties" in schema:
        schema["additionalProperties"] = False


def _tidy_parameter(parameter: Document) -> None:
    """Nothing in a header or an address can be null: what is not needed is left out."""
    parameter["schema"] = schema = _present(parameter["schema"])
    if "description" in schema:
        parameter["description"] = schema.pop("description")


def _tidy_success(response: Document, status: int) -> None:
    response["description"] = HTTPStatus(status).phrase
    content = response.pop("content", {})
    if status != HTTPStatus.NO_CONTENT:
        names = {name: PICTURES if name == "image/*" else (name,) for name in content}
        response["content"] = {
            each: {"schema": _present(media.get("schema") or BINARY)}
            for name, media in content.items()
            for each in names[name]
        }


def _present(schema: Document) -> Document:
    """The schema of what is there, where nothing may be there instead."""
    choices = schema.pop("oneOf", [])
    there = [one for one in choices if one != {"type": "null"}]
    return schema | there[0] if len(there) == 1 else schema | ({"oneOf": there} if there else {})


def _add_problems(operation: Document, handler: HTTPRouteHandler, method: str, path: str) -> None:
    responses = operation["responses"]
    if MEDIA_TYPE not in responses.get("400", {}).get("content", {}):
        responses.pop("400", None)  # the framework's own words for what we tell as problems
    for kind in _general(operation, handler, method, path):
        known = ANSWERS[kind]
        response = responses.setdefault(str(known.status), {"description": "", "content": {}})
        media = response["content"].setdefault(MEDIA_TYPE, {"schema": PROBLEM_SCHEMA, "examples": {}})
        if known.code not in media["examples"]:
            media["examples"][known.code] = {"summary": known.title, "value": example(known)}
            told = [response["description"]] if response["description"] else []
            response["description"] = "; ".join([*told, described([known])])
    operation["responses"] = dict(sorted(responses.items()))


def _general(
    operation: Document, handler: HTTPRouteHandler, method: str, path: str
) -> Iterator[type[Exception]]:
    """What can go wrong with any route of this kind."""
    if not handler.opt.get("open"):
        yield NotSignedIn
        yield ScopeMissing if scope(method.upper(), path) else SessionNeeded
        if method != "get":
            yield CsrfRejected
    if handler.opt.get("role") and not handler.opt.get("hidden"):
        yield RoleMissing
    if "{" in path or handler.opt.get("hidden"):
        yield RouteNotFound
    if (expected := expected_type(handler)) is not None:
        yield from (
            MalformedRequest,
            UnsupportedContentType,
            UnsupportedContentEncoding,
            BodyTooSlow,
            ValidationFailed,
        )
        yield from (MalformedJson, BodyTooLarge) if expected == "application/json" else (PhotoTooLarge,)
    if parameters := operation.get("parameters"):
        yield ValidationFailed
        if any(one["name"] == WAIT_FOR_POSITION for one in parameters):
            yield PositionUnknown
    if lane(method.upper(), path.removeprefix(API)):
        yield RateLimited
    yield from (Unexpected, Unavailable)


def _media(operation: Document) -> Iterator[Document]:
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for name, media in body.get("content", {}).items():
            if name == "application/json":
                yield media
