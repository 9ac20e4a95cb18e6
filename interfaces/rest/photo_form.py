"""A form with one photo, read as it arrives: cut off at the limit, and never larger in memory than that."""

from email.message import Message
from typing import Any, Final

from litestar import Request
from litestar.datastructures import State
from msgspec import Struct
from multipart import (  # type: ignore[import-untyped]  # the library has no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from application.photos import PHOTO_BYTES, PhotoTooLarge
from interfaces.rest.faults import FieldProblem, MalformedRequest, ValidationFailed

FIELD: Final = "photo"
LONGEST_HEADER: Final = 32 * 1024
"""Bytes of a line in a part's head: a name may be silly, as it is shortened later."""
BYTES: Final = "latin-1"
"""Any bytes can be read as this, and written again as they were."""

FORM: Final = {
    "body": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {
                        FIELD: {
                            "type": "string",
                            "format": "binary",
                            "description": "JPEG, PNG, WebP, HEIC or HEIF, 15 MB at the most",
                        }
                    },
                }
            }
        },
    }
}
"""`opt=FORM` marks a route that takes such a form, and describes it as OpenAPI does."""


class SentPhoto(Struct, frozen=True):
    name: str
    """As the client sent it: anything may be in it."""
    content: bytes


async def sent_photo(request: Request[Any, Any, State]) -> SentPhoto:
    """The form's file. Raises MalformedRequest, ValidationFailed or PhotoTooLarge."""
    form = _Form()
    try:
        boundary = request.content_type[1].get("boundary", "")
        with PushMultipartParser(
            boundary, max_segment_count=2, max_header_size=LONGEST_HEADER, header_charset=BYTES
        ) as parser:
            async for piece in request.stream():
                if not parser.closed:  # what follows the form's end means nothing
                    for event in parser.parse(piece):
                        form.take(event)
    except (MultipartError, UnicodeError):
        raise MalformedRequest from None
    if form.name is None:
        raise ValidationFailed([FieldProblem(FIELD, "This field is needed")])
    return SentPhoto(form.name, bytes(form.content))


class _Form:
    def __init__(self) -> None:
        self.name: str | None = None
        self.content = bytearray()

    def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        """The head of a part, a piece of its content, or None at its end."""
        if isinstance(event, MultipartSegment):
            field = _text(event.name or "form")
            if field != FIELD:
                raise ValidationFailed([FieldProblem(field, "There is no such field")])
            if self.name is not None:
                raise ValidationFailed(
                    [FieldProblem(FIELD, "Expected one file; send each in a request of its own")]
                )
            self.name = _file_name(event)
            if self.name is None:
                raise ValidationFailed([FieldProblem(FIELD, "Expected a file")])
        elif event:
            self.content += event
            if len(self.content) > PHOTO_BYTES:
                raise PhotoTooLarge


def _file_name(part: MultipartSegment) -> str | None:
    """As most clients send it, or as `filename*` (RFC 8187), which some send alone; None if it is no file."""
    if part.filename is not None:
        return _text(part.filename)
    described = Message()
    described["Content-Disposition"] = part.header("Content-Disposition", "")
    return described.get_filename()


def _text(sent: str) -> str:
    """Bytes of a head as UTF-8; what is none of it, as old clients send, must not keep a photo out."""
    return sent.encode(BYTES).decode(errors="replace")
