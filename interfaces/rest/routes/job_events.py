"""Following a job: its events as they are recorded, as a stream that can be resumed, or by long polling."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter, QueryParameter
from litestar.response import Stream
from litestar.serialization import encode_json
from msgspec import Meta, Struct
from psycopg import OperationalError

from application.errors import NotFound
from domain.job_photo import JobStatus
from domain.photo_job import PhotoJob
from infrastructure.event_store.mapper import EventMapper
from infrastructure.queries import streams
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.streams import EventRow, News
from infrastructure.wiring import Container
from interfaces.rest.deadlines import PATIENCE, allow
from interfaces.rest.errors.faults import Disconnected, TooManyStreams
from interfaces.rest.files import begun
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import Counts, JobId, Moment, PhotoId, counted

EVENT_STREAM: Final = "text/event-stream"
RECONNECT = 2_000
"""Milliseconds after which a client that lost its stream comes back."""
LONGEST_STREAM = 300.0
"""Seconds after which a stream ends anyway: its client comes back, if its session is still good."""
LONGEST_WAIT = 30
"""Seconds that a long poll takes at the most."""
LARGEST: Final = 2**63 - 1

SENT_EVENT: Final = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "The event's position, for `Last-Event-ID`"},
        "event": {"type": "string", "description": "Its type"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/JobEvent"},
        },
    },
}
"""Each event of the stream, as OpenAPI's tools read it."""

UNBUFFERED: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Proxies hand each event on at once."""

Position = Annotated[
    int | None,
    QueryParameter(gt=-1, le=LARGEST, description="Events after this position; like `Last-Event-ID`."),
]
LastEventId = Annotated[
    int | None,
    HeaderParameter(
        name="Last-Event-ID",
        gt=-1,
        le=LARGEST,
        description="The `id` of the last event that the client has: it gets those after it.",
    ),
]
Wait = Annotated[
    int | None,
    QueryParameter(
        gt=-1,
        le=LONGEST_WAIT,
        description="Long polling: answer as JSON once there are events, or after so many seconds without.",
    ),
]


class JobEventType(StrEnum):
    SUBMITTED = "job.submitted"
    STAGED = "photo.staged"
    REFUSED = "photo.refused"
    PHOTO_FAILED = "photo.failed"
    RENAMED = "job.renamed"
    COMPLETED = "job.completed"
    FAILED = "job.failed"
    CANCELLED = "job.cancelled"


class JobEvent(Struct, frozen=True):
    """What happened, and the job as it was then."""

    position: Annotated[int, Meta(description="Place in the log: the event's id", examples=[42])]
    type: Annotated[JobEventType, Meta(examples=["photo.staged"])]
    at: Moment
    job_id: JobId
    status: Annotated[JobStatus, Meta(examples=["processing"])]
    counts: Counts
    photo_id: PhotoId | None = None
    code: Annotated[str | None, Meta(description="Why it was refused or failed", examples=[None])] = None


class JobEvents(Struct, frozen=True):
    events: list[JobEvent]
    last_event_id: Annotated[int, Meta(description="Ask for what comes after it", examples=[42])]
    ended: Annotated[bool, Meta(description="Nothing more will happen to the photos", examples=[False])]


_TYPES: Final[Mapping[Any, JobEventType]] = {
    PhotoJob.Submitted: JobEventType.SUBMITTED,
    PhotoJob.PhotoStaged: JobEventType.STAGED,
    PhotoJob.PhotoRefused: JobEventType.REFUSED,
    PhotoJob.PhotoFailed: JobEventType.PHOTO_FAILED,
    PhotoJob.GroupRenamed: JobEventType.RENAMED,
    PhotoJob.Completed: JobEventType.COMPLETED,
    PhotoJob.Failed: JobEventType.FAILED,
    PhotoJob.Cancelled: JobEventType.CANCELLED,
}
"""All others are not about what a client follows."""


class Progress:
    """One job as its events make it, read bit by bit."""

    def __init__(self, reader: Reader, mapper: EventMapper, job_id: UUID) -> None:
        self._reader = reader
        self._mapper = mapper
        self._job: PhotoJob | None = None
        self.job_id = job_id
        self.version = 0

    @property
    def ended(self) -> bool:
        return self._job is not None and self._job.ended is not None

    async def begin(self, user_id: UUID) -> list[JobEvent]:
        """All that happened so far. Raises NotFound unless it is this user's job, and there."""
        found = await self.news()
        if self._job is None or self._job.deleted or self._job.user_id != user_id:
            raise NotFound(PhotoJob.__name__, self.job_id)
        return found

    async def news(self) -> list[JobEvent]:
        """What happened since the last time."""
        rows = await streams.events(self._reader, self.job_id, after=self.version)
        return [event for row in rows if (event := self._evolved(row))]

    def _evolved(self, row: EventRow) -> JobEvent | None:
        self.version = row.version
        if row.topic.partition(".")[0] != PhotoJob.__name__:  # the id of something else
            return None
        event: Any = self._mapper.event(row.topic, row.state, self.job_id, row.version)
        changed: PhotoJob = event.mutate(self._job)
        self._job = changed
        if (kind := _TYPES.get(type(event))) is None:
            return None
        return JobEvent(
            position=row.position,
            type=kind,
            at=row.recorded_at,
            job_id=self.job_id,
            status=changed.status,
            counts=counted(changed.outcomes.values()),
            photo_id=getattr(event, "photo_id", None),
            code=getattr(event, "code", None),
        )


class OpenStreams:
    """How many streams each user has open in this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[UUID, int] = {}

    def open(self, user_id: UUID) -> None:
        """Raises TooManyStreams."""
        if self._open.get(user_id, 0) >= self._limit:
            raise TooManyStreams(self._limit)
        self._open[user_id] = self._open.get(user_id, 0) + 1

    def close(self, user_id: UUID) -> None:
        self._open[user_id] -= 1
        if not self._open[user_id]:
            del self._open[user_id]


@get(
    "/jobs/{job_id:uuid}/events",
    tags=["Jobs"],
    summary="Follow a job",
    description="Server-sent events, resumable by `Last-Event-ID`; comment lines keep the connection alive. "
    "The stream ends with the event that ends the job; asked for more, it answers 204. With `wait`, or "
    "`Accept: application/json`, the same events by long polling.",
    opt={"also": {EVENT_STREAM: {"schema": SENT_EVENT}}},
    responses={
        200: ResponseSpec(JobEvents, generate_examples=False, description=""),
        204: ResponseSpec(None, generate_examples=False, description="The job has ended; nothing follows."),
    }
    | problems(NotFound, TooManyStreams),
)
async def follow_job(
    job_id: FromPath[UUID],
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    news: NamedDependency[News],
    open_streams: NamedDependency[OpenStreams],
    principal: NamedDependency[Principal],
    last_event_id: LastEventId = None,
    after: Position = None,
    wait: Wait = None,
) -> Stream | Response[JobEvents] | Response[None]:
    progress = Progress(reader, container.mapper, job_id)
    seen = max(last_event_id or 0, after or 0)
    fresh = [event for event in await progress.begin(principal.user_id) if event.position > seen]
    if wait is None and not _wants_json(request):
        if progress.ended and not fresh:
            return Response(None, status_code=204)
        sent = _sent(progress, news, fresh, heartbeat=container.settings.heartbeat_seconds)
        counting = _counted(sent, open_streams, principal.user_id)
        return Stream(await begun(counting), media_type=EVENT_STREAM, headers=UNBUFFERED)
    open_streams.open(principal.user_id)
    try:
        if not fresh and not progress.ended and await _grown(request, progress, news, wait or 0):
            fresh = await progress.news()
    finally:
        open_streams.close(principal.user_id)
    return Response(
        JobEvents(fresh, max([seen, *(event.position for event in fresh)]), progress.ended),
        media_type="application/json",
    )


async def _grown(request: Request[Any, Any, State], progress: Progress, news: News, seconds: int) -> bool:
    """Whether there is news of the job in that time. Raises Disconnected as soon as nobody waits any more."""
    allow(seconds + PATIENCE)
    growing = asyncio.create_task(news.wait(progress.job_id, progress.version, seconds))
    leaving = asyncio.create_task(_left(request))
    try:
        done, _ = await asyncio.wait([growing, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        growing.cancel()
        leaving.cancel()
    if growing not in done:
        raise Disconnected
    return growing.result()


async def _left(request: Request[Any, Any, State]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _sent(
    progress: Progress, news: News, fresh: list[JobEvent], *, heartbeat: float
) -> AsyncIterator[bytes]:
    """The stream's bytes. No connection to the database is held while it waits."""
    now = asyncio.get_running_loop().time
    until = now() + LONGEST_STREAM
    yield f"retry: {RECONNECT}\n\n".encode() + b"".join(map(_told, fresh))
    while not (progress.ended or news.ended) and (left := until - now()) > 0:
        try:
            grown = await news.wait(progress.job_id, progress.version, min(heartbeat, left))
            fresh = await progress.news() if grown else []
        except OperationalError:  # the client comes back, and finds it again or is told to be patient
            return
        yield b"".join(map(_told, fresh)) or b": still here\n\n"


async def _counted(
    pieces: AsyncIterator[bytes], open_streams: OpenStreams, user_id: UUID
) -> AsyncIterator[bytes]:
    open_streams.open(user_id)
    try:
        async for piece in pieces:
            yield piece
    finally:
        open_streams.close(user_id)


def _told(event: JobEvent) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (
        event.position,
        event.type.value.encode(),
        encode_json(event),
    )


def _wants_json(request: Request[Any, Any, State]) -> bool:
    accepted = request.headers.get("Accept", "")
    return "application/json" in accepted and EVENT_STREAM not in accepted


HANDLERS = (follow_job,)
