"""How long a request may take on our side: whoever waits for a part that never answers is told so in the end.

A database that is frozen, or behind a network that swallows packets, breaks no connection; so nothing that
asks it would end. What was given up goes on for as long as it must, unheard; as each thing that is created has
an id made from its Idempotency-Key, whoever asks again under the same key meets what that left.
"""

import asyncio
from contextvars import ContextVar
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from application.context import current
from interfaces.rest.faults import Unavailable

PATIENCE: Final = 20.0
"""Seconds from the last byte of a request to the first of its answer. Time that the client takes to send its
body does not count, and an answer that has begun may take any."""
WORKING_ON_PICTURES: Final = 50.0
"""The same where pictures are decoded or drawn, which waits for its turn and has limits of its own. Proxies
wait for a minute, if not told otherwise."""

log = structlog.get_logger()


class Deadline:
    """One request's, which moves with each piece of its body."""

    def __init__(self, receive: Receive, send: Send, patience: float) -> None:
        self._receive, self._send = receive, send
        self._patience = patience
        self._now = asyncio.get_running_loop().time
        self._until = self._now() + patience
        self._arriving = False
        self._whole = self._answered = self._given_up = False

    def allow(self, seconds: float) -> None:
        self._until = self._now() + seconds

    async def receive(self) -> ReceiveMessage:
        if self._whole:
            return await self._receive()
        self._arriving = True
        try:
            message = await self._receive()
        finally:
            self._arriving = False
            self._until = max(self._until, self._now() + self._patience)
        self._whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if not self._given_up:
            self._answered = True
            await self._send(message)

    async def kept(self, task: "asyncio.Task[None]") -> bool:
        """Whether the task ends, or has begun to answer, in time; until it ends, or else at once."""
        while not (await asyncio.wait([task], timeout=self._left()))[0]:
            if self._left() <= 0:
                self._given_up = True
                return False
        return True

    def _left(self) -> float:
        return self._patience if self._arriving or self._answered else self._until - self._now()


_current: ContextVar[Deadline] = ContextVar("deadline")


def allow(seconds: float) -> None:
    """From now on the current request may take so long, as it waits for something on purpose."""
    _current.get().allow(seconds)


def in_time(app: ASGIApp, patience: float = PATIENCE) -> ASGIApp:
    """Answers for the application when it does not do so in time. Raises Unavailable, and what it raises."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        deadline = Deadline(receive, send, patience)
        _current.set(deadline)
        task = asyncio.create_task(_answering(app, scope, deadline))
        try:
            kept = await deadline.kept(task)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if kept:
            task.result()
            return
        request_id = current().correlation
        log.warning("http.given_up", request_id=request_id, route=scope["path_template"], seconds=patience)
        task.add_done_callback(_unheard)
        task.cancel()
        raise Unavailable

    return answered


async def _answering(app: ASGIApp, scope: Scope, deadline: Deadline) -> None:
    await app(scope, deadline.receive, deadline.send)


def _unheard(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("http.given_up_failed", request_id=current().correlation, error=type(error).__name__)
