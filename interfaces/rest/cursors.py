"""Cursors of lists: where the next page begins, as a text that clients hand back without looking inside."""

import base64
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from litestar.params import QueryParameter

from infrastructure.queries.jobs import NEWEST
from interfaces.rest.errors.faults import CursorInvalid

LARGEST_PAGE = 100

Row = TypeVar("Row")

Cursor = Annotated[
    str | None,
    QueryParameter(
        schema_extra={"pattern": "^[A-Za-f][A-Za-z0-9_-]{9}[AEIMQUYcgkosw048]$"},
        description="`next_cursor` of the page before; none for the newest.",
    ),
]
Limit = Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE, description="How many at the most.")]


def encoded(place: int) -> str:
    return base64.urlsafe_b64encode(place.to_bytes(8)).decode().rstrip("=")


def page(rows: Sequence[Row], limit: int, place: Callable[[Row], int]) -> tuple[Sequence[Row], str | None]:
    """A page's rows, one more of which was asked for, and the cursor of the next page if there is one."""
    shown = rows[:limit]
    return shown, encoded(place(shown[-1])) if len(rows) > limit else None


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
