"""Cursors of lists: where the next page begins, as a text that clients hand back without looking inside."""

import base64
from typing import Annotated

from litestar.params import QueryParameter

from infrastructure.queries.jobs import NEWEST
from interfaces.rest.faults import CursorInvalid

LARGEST_PAGE = 100

Cursor = Annotated[
    str | None,
    QueryParameter(max_length=64, description="`next_cursor` of the page before; none for the newest."),
]
Limit = Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE, description="How many at the most.")]


def encoded(place: int) -> str:
    return base64.urlsafe_b64encode(place.to_bytes(8)).decode().rstrip("=")


def decoded(cursor: str | None) -> int:
    """The place that a cursor stands for. Raises CursorInvalid for what `encoded` never made."""
    if cursor is None:
        return NEWEST
    try:
        place = int.from_bytes(base64.b64decode(f"{cursor}=", altchars=b"-_", validate=True))
    except ValueError:
        raise CursorInvalid from None
    if place > NEWEST or encoded(place) != cursor:
        raise CursorInvalid
    return place
