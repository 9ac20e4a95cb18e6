"""Events as files for whoever checks them elsewhere: JSON Lines or CSV, with all that their hashes are made from."""

import csv
import io
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any, Final

import msgspec

from infrastructure.queries.raw_events import RawEvent

COLUMNS: Final = RawEvent.__struct_fields__


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        return {Format.JSONL: "application/jsonl", Format.CSV: "text/csv; charset=utf-8"}[self]


FORMATS: Final[dict[str, Any]] = {
    "application/jsonl": {"schema": {"type": "string"}, "example": '{"position":42,"version":1}'},
    "text/csv": {"schema": {"type": "string"}, "example": "position,stream_id"},
}
"""As the API's description tells them."""
_TOGETHER: Final = 500


async def exported(events: AsyncIterator[RawEvent], form: Format) -> AsyncIterator[bytes]:
    """The file in pieces. Times are RFC 3339 in UTC with microseconds; a CSV begins with its columns."""
    write = _jsonl if form is Format.JSONL else _csv
    if form is Format.CSV:
        yield _row(COLUMNS)
    batch: list[RawEvent] = []
    async for event in events:
        batch.append(event)
        if len(batch) == _TOGETHER:
            yield write(batch)
            batch = []
    yield write(batch)


def _jsonl(events: list[RawEvent]) -> bytes:
    return b"".join(msgspec.json.encode(event) + b"\n" for event in events)


def _csv(events: list[RawEvent]) -> bytes:
    return b"".join(_row(msgspec.to_builtins(event).values()) for event in events)


def _row(values: Any) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow("" if value is None else value for value in values)
    return line.getvalue().encode()
