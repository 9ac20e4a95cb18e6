"""Reading request bodies: strictly, within limits, and telling every wrong field at once."""

from collections.abc import AsyncGenerator, Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import HTTPException, InternalServerException
from litestar.handlers import BaseRouteHandler
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE

from application.photos import PHOTO_BYTES, PhotoTooLarge
from interfaces.rest.errors.faults import (
    BodyTooLarge,
    Disconnected,
    FieldProblem,
    MalformedJson,
    UnsupportedContentEncoding,
    UnsupportedContentType,
    ValidationFailed,
)

JSON_BYTES = 100_000
"""The largest JSON body taken, in bytes; thirty photos with the longest brief are a twentieth of it."""
UPLOAD_BYTES = PHOTO_BYTES + 64 * 1024
"""The largest multipart body taken: one photo and what wraps it."""
TOLD = 20
"""How many wrong fields an answer names at the most."""


def described(**limits: Any) -> dict[str, Any]:
    """For a field's Meta: limits that its description tells, and that the domain refuses by names of its own.

    And limits of what a field has if it is not null, which the framework does not tell.
    """
    return {"extra": limits}


class StrictRequest(Request[Any, Any, State]):
    """A request whose JSON is decoded straight into what its handler asks for."""

    async def json(self) -> Any:
        """The handler's Struct. Raises MalformedJson or ValidationFailed."""
        return decoded(await self.body(), self.route_handler.parsed_data_field.annotation)  # type: ignore[union-attr]

    async def body(self) -> bytes:
        """The whole body. Raises MalformedJson when there is none though the handler asks for one."""
        body = await super().body()
        if not body and self.route_handler.parsed_data_field is not None:
            raise MalformedJson
        return body

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives, up to its limit. Raises BodyTooLarge or PhotoTooLarge, Disconnected."""
        try:
            async for piece in super().stream():
                yield piece
        except InternalServerException:
            raise Disconnected from None
        except HTTPException as error:
            if error.status_code != HTTP_413_REQUEST_ENTITY_TOO_LARGE:
                raise
            if expected_type(self.route_handler) != "application/json":
                raise PhotoTooLarge from None
            limit = self.route_handler.resolve_request_max_body_size()
            raise BodyTooLarge(limit if isinstance(limit, int) else JSON_BYTES) from None


@cache
def expected_type(handler: BaseRouteHandler) -> str | None:
    """The Content-Type that a handler's body has; None if it takes no body."""
    if described := handler.opt.get("body"):
        return str(next(iter(described["content"])))
    return "application/json" if getattr(handler, "parsed_data_field", None) else None


def readable(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a body of another kind, or a packed one, before any of it is read.

    A body that is signed need not say of which kind it is. Raises UnsupportedContentEncoding or
    UnsupportedContentType.
    """
    expected, told = expected_type(handler), connection.headers.get("Content-Type", "")
    if expected is None:
        return
    if connection.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedContentEncoding
    if handler.opt.get("signed") and not told:
        return
    if told.partition(";")[0].strip().lower() != expected:
        raise UnsupportedContentType(expected)


def decoded(body: bytes, shape: Any) -> Any:
    """A JSON body as `shape`, unknown fields refused. Raises MalformedJson or ValidationFailed."""
    try:
        return _decoder(shape).decode(body)
    except msgspec.ValidationError as error:
        first = error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedJson from None
    try:
        value = _PLAIN.decode(body)
        if found := list(_wrong(value, shape, "")):
            raise ValidationFailed(found[:TOLD])
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        raise ValidationFailed([FieldProblem("body", str(first))]) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedJson from None


def _number(digits: str) -> int | float:
    """JSON has one kind of numbers: 5.0 is the whole number 5."""
    number = float(digits)
    return int(number) if number.is_integer() else number


_PLAIN: Final = msgspec.json.Decoder(float_hook=_number)


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def _wrong(value: Any, shape: Any, path: str) -> Iterator[FieldProblem]:
    """Every problem of a JSON value, deepest first found; `shape` is a type as Structs annotate fields."""
    try:
        msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        within = list(_wrong_within(value, _plain(shape), path))
        yield from within or [FieldProblem(path or "body", str(error).partition(" - at `")[0])]


def _wrong_within(value: Any, shape: Any, path: str) -> Iterator[FieldProblem]:
    if isinstance(value, dict) and isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
        for name in value.keys() - fields.keys():
            yield FieldProblem(_join(path, name), "There is no such field")
        for name, field in fields.items():
            if name in value:
                yield from _wrong(value[name], field.type, _join(path, name))
            elif field.required:
                yield FieldProblem(_join(path, name), "This field is needed")
    elif isinstance(value, list) and get_origin(shape) is list:
        (each,) = get_args(shape)
        for number, element in enumerate(value):
            yield from _wrong(element, each, f"{path}[{number}]")


def _plain(shape: Any) -> Any:
    """The type without its annotations, and without `None` beside it."""
    while get_origin(shape) in (Annotated, Union, UnionType):
        shape = next(one for one in get_args(shape) if one is not NoneType)
    return shape


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
