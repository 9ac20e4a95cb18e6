"""A form with one photo, read as it arrives and cut off at the limit: never more than a piece is in memory."""

from email.message import Message
from typing import Any, Final

from litestar import Request
from litestar.datastructures import State
from multipart import (  # type: ignore[import-untyped]  # the library has no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from interfaces.rest.arriving import PhotoFile
from interfaces.rest.errors.faults import FieldProblem, MalformedRequest, ValidationFailed

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
                            "minLength": 1,
                            "description": "JPEG, PNG, WebP, HEIC or HEIF, 15 MB at the most",
                        }
                    },
                }
            }
        },
    }
}
"""`opt=FORM` marks a route that takes such a form, and describes it as OpenAPI does."""


async def received(request: Request[Any, Any, State], file: PhotoFile) -> str:
    """Write the form's photo into the file; the name as the client sent it: anything may be in it.

    Raises MalformedRequest, ValidationFailed, PhotoTooLarge or Unavailable.
    """
    form = _Form()
    try:
        boundary = request.content_type[1].get("boundary", "")
        with PushMultipartParser(
            boundary, max_segment_count=2, max_header_size=LONGEST_HEADER, header_charset=BYTES
        ) as parser:
            async for piece in request.stream():
                if not parser.closed:  # what follows the form's end means nothing
                    for event in parser.parse(piece):
                        await file.add(form.content_of(event))
    except (MultipartError, UnicodeError):
        raise MalformedRequest from None
    if form.name is None:
        raise ValidationFailed([FieldProblem(FIELD, "This field is needed")])
    await file.written()
    return form.name


class _Form:
    def __init__(self) -> None:
        self.name: str | None = None

    def content_of(self, event: MultipartSegment | bytes | bytearray | None) -> bytes | bytearray:
        """Of the head of a part there is none, nor of its end, which is None."""
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
            return b""
        return event or b""


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
