"""A form with one photo, read as it arrives: cut off at the limit, and never larger in memory than that."""

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
        with PushMultipartParser(request.content_type[1].get("boundary", ""), max_segment_count=1) as parser:
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
            if event.name != FIELD:
                raise ValidationFailed([FieldProblem(event.name or "form", "There is no such field")])
            if event.filename is None:
                raise ValidationFailed([FieldProblem(FIELD, "Expected a file")])
            self.name = event.filename
        elif event:
            self.content += event
            if len(self.content) > PHOTO_BYTES:
                raise PhotoTooLarge
