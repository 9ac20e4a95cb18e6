"""All that was ever recorded about a user, as a file of their own."""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.response import Stream
from msgspec import Struct

from domain.personal import Personal
from infrastructure.event_store.mapper import EventMapper
from infrastructure.queries import raw_events
from infrastructure.queries.raw_events import RawEvent
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.exports import Format
from interfaces.rest.files import FileStream, begun, disposition
from interfaces.rest.headers import DISPOSITION
from interfaces.rest.routes.accounts import TAGS

MEDIA_TYPE: Final = Format.JSONL.media_type
_EXAMPLE: Final = (
    '{"position":42,"at":"2026-05-04T09:30:00Z","event":"User.ProfileChanged",'
    '"about":"6f1c1f5d-11aa-4f2f-9d0a-0a6f2b526f0e","fields":{"name":"Ada King","time_zone":"UTC"}}'
)
_TOGETHER: Final = 200
_ENVELOPE: Final = frozenset({"originator_id", "originator_version", "originator_topic", "timestamp"})
"""What an event has beside its own fields, and is told by its line's."""


class Line(Struct, frozen=True):
    """One event, its personal texts open."""

    position: int
    at: str
    event: str
    about: str
    fields: dict[str, Any]


@get(
    "/me/export",
    media_type=MEDIA_TYPE,
    tags=TAGS,
    summary="All that is known about me",
    description="Every event that is mine, oldest first, a JSON object on each line. My pictures are in my jobs.",
    opt={"also": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}}},
    response_headers=[DISPOSITION],
)
async def export_me(
    reader: NamedDependency[Reader],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
) -> Stream:
    upto = await raw_events.safe_position(reader)
    events = raw_events.whole_log(reader, after=0, upto=upto, owner=principal.user_id)
    return FileStream(
        await begun(_told(container.mapper, events)),
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": disposition("stage-in-seconds.jsonl", attachment=True)},
    )


async def _told(mapper: EventMapper, events: AsyncIterator[RawEvent]) -> AsyncIterator[bytes]:
    """In pieces; opening what is sealed asks the database for its key, and so is done in a thread."""
    batch: list[RawEvent] = []
    async for event in events:
        batch.append(event)
        if len(batch) == _TOGETHER:
            yield await sync_to_thread(_lines, mapper, batch)
            batch = []
    yield await sync_to_thread(_lines, mapper, batch)


def _lines(mapper: EventMapper, events: list[RawEvent]) -> bytes:
    return b"".join(msgspec.json.encode(_line(mapper, event)) + b"\n" for event in events)


def _line(mapper: EventMapper, row: RawEvent) -> Line:
    event = mapper.event(row.topic, row.state.encode(), row.stream_id, row.version)
    fields = {name: value for name, value in vars(event).items() if name not in _ENVELOPE}
    return Line(
        row.position,
        row.recorded_at.isoformat(),
        row.topic,
        str(row.stream_id),
        msgspec.to_builtins(fields, enc_hook=_open, str_keys=True),
    )


def _open(value: Any) -> str:
    if isinstance(value, Personal):
        return value.text
    raise TypeError(f"{type(value).__name__} has no JSON form")


HANDLERS = (export_me,)
