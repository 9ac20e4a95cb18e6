"""Doing once what is asked several times: a request repeated under its Idempotency-Key gets its first answer.

Successes are given again, and so are refusals by the rules of the domain: whoever wants to be judged anew
takes a new key. What did not get as far as that (a body that cannot be read, nobody signed in), what may go
better in a moment and what broke on our side is never kept.
"""

import asyncio
import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, ParamSpec, Protocol, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.serialization import encode_json
from msgspec import Struct

from application.context import current
from application.retrying import retried
from infrastructure.requests.answers import Answers, KeptAnswer, StillWorking
from infrastructure.requests.recorded_answers import Answered
from infrastructure.wiring import Container
from interfaces.rest import problems
from interfaces.rest.addresses import API
from interfaces.rest.errors.faults import IdempotencyConflict, RequestInProgress
from interfaces.rest.errors.table import answer, told_as
from interfaces.rest.headers import REPLAYED
from interfaces.rest.idempotency import IdempotencyKey, created_id, strangers_id

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Work = Callable[[UUID], Response[T]]
"""Does what was asked, and answers; it is given the id of what it creates."""


class Run(Protocol):
    """Runs what blocks in a thread."""

    async def __call__(self, work: Callable[P, R], /, *arguments: P.args, **named: P.kwargs) -> R: ...


REPEATABLE: Final = (IdempotencyConflict, RequestInProgress)
"""What more can be wrong with a request that takes a key."""

_REFUSED: Final = 400
_BROKEN: Final = 500


class _Content(Struct, frozen=True):
    headers: dict[str, str]
    body: str


class Once:
    """One request that creates something."""

    def __init__(
        self, request: Request[Any, Any, State], container: Container, answers: Answers, key: str | None
    ) -> None:
        self._recording = container.recorded_answers
        self._route = f"{request.method} {request.url.path.removeprefix(API)}"
        self._status = request.route_handler.status_code
        self._container = container
        self._answers = answers
        self._key = key
        self._secret = container.settings.claim_key_bytes

    async def for_user(
        self, user_id: UUID, asked: Any, work: Work[T], *, appends: bool = True, run: Run = asyncio.to_thread
    ) -> Response[T]:
        """The answer of `work`, run in a thread, or the one that this user's request got before.

        `asked` is what decides whether it is the same request. `appends` says that the work records events.
        Raises what `work` and `run` raise, IdempotencyConflict or RequestInProgress.
        """
        created = created_id(user_id, self._route, self._key)
        return await self._answered(created, user_id, asked, work, run, appends=appends, keeps_refusals=True)

    async def recorded(self, user_id: UUID, asked: Any, work: Work[T]) -> Response[T]:
        """The same for work that does nothing but record: its answer is kept in the same transaction.

        No turns are taken and nothing is looked up before: whoever repeats a request finds out at the end,
        and all is as if they had not begun.
        """
        created = created_id(user_id, self._route, self._key)
        if self._key is None:
            return await asyncio.to_thread(work, created)
        return await asyncio.to_thread(self._recorded, created, user_id, asked, work)

    async def for_stranger(
        self, about: str, asked: Any, work: Work[T], *, appends: bool = True
    ) -> Response[T]:
        """The same for somebody who becomes a user by it, and whom `about` tells from others.

        Refusals are not kept: strangers could fill the table with them.
        """
        created = strangers_id(about, self._route, self._key, self._secret)
        return await self._answered(
            created, created, asked, work, asyncio.to_thread, appends=appends, keeps_refusals=False
        )

    async def _answered(
        self,
        created: UUID,
        owner: UUID,
        asked: Any,
        work: Work[T],
        run: Run,
        *,
        appends: bool,
        keeps_refusals: bool,
    ) -> Response[T]:
        if self._key is None:
            return await run(work, created)
        content_hash = self._hash(asked)
        try:
            async with self._answers.alone(created):
                if kept := await self._answers.find(created):
                    return _again(kept, content_hash)
                try:
                    response, sealed = await run(self._done, work, created, owner)
                except Exception as error:
                    if keeps_refusals and (refusal := _refusal(error)):
                        status, content = refusal
                        sealed = await asyncio.to_thread(self._sealed, owner, content)
                        await self._keep(created, owner, content_hash, status, sealed)
                    raise
                if appends and current().position is None:  # it was recorded by a request that was cut off
                    current().position = await self._answers.head()
                if not await self._keep(created, owner, content_hash, self._status, sealed) and (
                    kept := await self._answers.find(created)
                ):  # a twin that lost its connection, and with it its turn, was faster
                    return _again(kept, content_hash)
                return response
        except StillWorking:
            raise RequestInProgress from None

    def _recorded(self, created: UUID, owner: UUID, asked: Any, work: Work[T]) -> Response[T]:
        content_hash = self._hash(asked)

        @retried
        def answered() -> Response[T]:
            with self._recording.together():
                response = work(created)
                kept = KeptAnswer(content_hash, self._status, None, _written(response))
                self._recording.keep(created, kept, owner=owner)
            return response

        try:
            try:
                return answered()
            except Exception as error:
                if refusal := _refusal(error):
                    kept = KeptAnswer(content_hash, refusal[0], None, _encoded(refusal[1]))
                    self._recording.keep_refusal(created, kept, owner=owner)
                raise
        except Answered:
            if (
                earlier := self._recording.find(created)
            ) is None:  # its owner is forgotten, or its day is over
                raise RequestInProgress from None
            return _again(earlier, content_hash)

    def _done(self, work: Work[T], created: UUID, owner: UUID) -> tuple[Response[T], str]:
        """The answer, and what is kept of it."""
        response = work(created)
        return response, self._container.keyring.seal(owner, _written(response))

    def _sealed(self, owner: UUID, content: _Content) -> str:
        return self._container.keyring.seal(owner, _encoded(content))

    def _hash(self, asked: Any) -> bytes:
        return hmac.digest(self._secret, b"asked " + msgspec.json.encode(asked), sha256)

    async def _keep(self, created: UUID, owner: UUID, content_hash: bytes, status: int, sealed: str) -> bool:
        return await self._answers.keep(
            created,
            owner=owner,
            content_hash=content_hash,
            status=status,
            position=current().position,
            sealed=sealed,
        )


async def once(
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    answers: NamedDependency[Answers],
    idempotency_key: IdempotencyKey = None,
) -> Once:
    """For handlers that ask for it; it brings the header with it."""
    return Once(request, container, answers, idempotency_key)


def _written(response: Response[Any]) -> str:
    """The same as text, for `_again`."""
    return _encoded(_Content(dict(response.headers), encode_json(response.content).decode()))


def _encoded(content: _Content) -> str:
    return msgspec.json.encode(content).decode()


def _refusal(error: Exception) -> tuple[int, _Content] | None:
    """How a definite refusal is told; None for what may go better in a moment, or broke on our side."""
    told = told_as(error)
    known = answer(type(told))
    if known.status >= _BROKEN or "Retry-After" in known.headers:
        return None
    return known.status, _Content({}, encode_json(problems.of(told, known)).decode())


def _again(kept: KeptAnswer, content_hash: bytes) -> Response[Any]:
    if not hmac.compare_digest(kept.content_hash, content_hash):
        raise IdempotencyConflict
    current().position = kept.position
    content = msgspec.json.decode(kept.content, type=_Content)
    return Response(
        content.body.encode(),
        status_code=kept.status,
        media_type=problems.MEDIA_TYPE if kept.status >= _REFUSED else "application/json",
        headers={**content.headers, REPLAYED.name: "true"},
    )
