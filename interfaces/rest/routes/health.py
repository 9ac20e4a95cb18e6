"""Whether the process lives, and whether it is ready to serve: the state of each part that it needs."""

import asyncio
import time
from collections.abc import Awaitable
from enum import StrEnum
from typing import Annotated, Any

import structlog
from litestar import Response, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Meta, Struct

from infrastructure.queries import progress
from infrastructure.queries.progress import Follower
from infrastructure.queries.reader import Reader
from infrastructure.wiring import Container
from interfaces.rest.authentication import OPEN

PATIENCE = 2.0
"""Seconds until a part that does not answer counts as away."""
FAR_BEHIND = 10_000
"""Positions of the log: read models that lack more are still being built, and what they say is history."""
TAGS = ["Health"]

log = structlog.get_logger()


class PartState(StrEnum):
    OK = "ok"
    BEHIND = "behind"
    AWAY = "away"


class Readiness(StrEnum):
    READY = "ready"
    DEGRADED = "degraded"
    """It serves, but slower than it should."""
    NOT_READY = "not_ready"


class Part(Struct, frozen=True):
    name: Annotated[str, Meta(examples=["database"])]
    state: Annotated[PartState, Meta(examples=["ok"])]
    needed: Annotated[bool, Meta(description="Whether nothing works without it", examples=[True])]
    ms: Annotated[float, Meta(description="How long it took to answer", examples=[1.3])]
    behind: Annotated[
        int | None, Meta(description="For read models: positions of the log not done yet", examples=[None])
    ] = None


class Health(Struct, frozen=True):
    status: Annotated[Readiness, Meta(examples=["ready"])]
    parts: list[Part]


class Alive(Struct, frozen=True):
    status: Annotated[str, Meta(examples=["alive"])]


@get("/health/live", opt=OPEN, tags=TAGS, summary="Whether the process answers", sync_to_thread=False)
def live() -> Alive:
    return Alive("alive")


@get(
    "/health/ready",
    opt=OPEN,
    tags=TAGS,
    summary="Whether it can serve, part by part",
    responses={503: ResponseSpec(Health, generate_examples=False, description="It cannot serve now")},
)
async def ready(container: NamedDependency[Container], reader: NamedDependency[Reader]) -> Response[Health]:
    # Redis only carries wake-up calls: without it everything takes longer, and nothing is lost.
    followers, redis, store = await asyncio.gather(
        _asked("database", progress.followers(reader)),
        _asked("redis", sync_to_thread(container.redis.ping), needed=False),
        _asked("object_store", sync_to_thread(container.pictures.check)),
    )
    parts = [followers[0], redis[0], store[0]]
    parts += [_read_model(one, followers[0].ms) for one in followers[1] or []]
    status = _status(parts)
    return Response(Health(status, parts), status_code=503 if status is Readiness.NOT_READY else 200)


async def _asked(name: str, question: Awaitable[Any], *, needed: bool = True) -> tuple[Part, Any]:
    """The part's state, and what it answered."""
    started = time.perf_counter()
    answer = None
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await question
        state = PartState.OK
    except Exception as error:  # noqa: BLE001 - whatever it raises, that is the finding
        log.warning("health.away", part=name, error=type(error).__name__)
        state = PartState.AWAY
    return Part(name, state, needed, ms=round((time.perf_counter() - started) * 1000, 1)), answer


def _read_model(follower: Follower, ms: float) -> Part:
    state = PartState.BEHIND if follower.behind > FAR_BEHIND else PartState.OK
    return Part(follower.name, state, needed=True, ms=ms, behind=follower.behind)


def _status(parts: list[Part]) -> Readiness:
    troubled = [part for part in parts if part.state is not PartState.OK]
    if any(part.needed for part in troubled):
        return Readiness.NOT_READY
    return Readiness.DEGRADED if troubled else Readiness.READY


HANDLERS = (live, ready)
