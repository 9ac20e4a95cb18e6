"""How long a request may take, on our side and on the client's: nobody waits for ever for what never comes.

A database that is frozen, or behind a network that swallows packets, breaks no connection; so nothing that
asks it would end. What was given up goes on for as long as it must, unheard; as each thing that is created has
an id made from its Idempotency-Key, whoever asks again under the same key meets what that left.

A client whose connection is slow is given time, and more with each byte; one that falls silent half-way, as
telephones do in a tunnel, or that sends drop by drop to keep us busy, is not waited for.
"""

import asyncio
from contextvars import ContextVar
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from application.context import current
from interfaces.rest.errors.faults import BodyTooSlow, Disconnected, Unavailable

PATIENCE: Final = 20.0
"""Seconds from the last byte of a request to the first of its answer, which may then take any time, as long as
somebody reads it."""
WORKING_ON_PICTURES: Final = 50.0
"""The same where pictures are decoded or drawn, which waits for its turn and has limits of its own. Proxies
wait for a minute, if not told otherwise."""
SILENCE: Final = 30.0
"""Seconds for which a body may keep us waiting."""
LEFT_LYING: Final = 60.0
"""Seconds for which whoever reads an answer may leave a piece of it lying."""
SLOWEST: Final = 8_192
"""For so many bytes it may do so for a second more, but never for longer than SILENCE."""

log = structlog.get_logger()


class Deadline:
    """One request's: for the client while a piece of its body is asked for, and else for us."""

    def __init__(
        self, receive: Receive, send: Send, patience: float, silence: float, left_lying: float
    ) -> None:
        self._receive, self._send = receive, send
        self._patience, self._silence, self._left_lying = patience, silence, left_lying
        self._now = asyncio.get_running_loop().time
        self._until = self._now() + patience
        self._asked_at: float | None = None
        """When the piece of the body was asked for that has not come yet."""
        self._allowed = silence
        """For how long it may let us wait."""
        self._whole = self._answered = self._given_up = False

    def allow(self, seconds: float) -> None:
        self._until = self._now() + seconds

    async def receive(self) -> ReceiveMessage:
        if self._whole:
            return await self._receive()
        self._asked_at = asked_at = self._now()
        try:
            message = await self._receive()
        finally:
            self._asked_at = None
            self._until = max(self._until, self._now() + self._patience)
        self._whole = not message.get("more_body", False)
        earned = len(message["body"]) / SLOWEST if message["type"] == "http.request" else 0.0
        self._allowed = min(self._silence, self._allowed - (self._now() - asked_at) + earned)
        return message

    async def send(self, message: Message) -> None:
        if self._given_up:
            return
        self._answered = True
        if message["type"] != "http.response.body" or not message["more_body"]:
            await self._send(message)
            return
        try:
            async with asyncio.timeout(self._left_lying):
                await self._send(message)
        except TimeoutError:
            raise Disconnected from None

    async def missed(self, task: "asyncio.Task[None]") -> BodyTooSlow | Unavailable | None:
        """Whose fault it is, at once, when the task neither ends nor begins to answer in time; else None, at
        its end.
        """
        while not (await asyncio.wait([task], timeout=self._left()))[0]:
            if self._left() <= 0:
                self._given_up = True
                return Unavailable() if self._asked_at is None else BodyTooSlow()
        return None

    def _left(self) -> float:
        if self._answered:
            return self._patience
        until = self._until if self._asked_at is None else self._asked_at + self._allowed
        return until - self._now()


_current: ContextVar[Deadline] = ContextVar("deadline")


def allow(seconds: float) -> None:
    """From now on the current request may take so long, as it waits for something on purpose."""
    _current.get().allow(seconds)


def in_time(
    app: ASGIApp, patience: float = PATIENCE, silence: float = SILENCE, left_lying: float = LEFT_LYING
) -> ASGIApp:
    """Answers for the application when it does not do so in time, and breaks off an answer that nobody reads.

    Raises BodyTooSlow or Unavailable, and what it raises.
    """

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        deadline = Deadline(receive, send, patience, silence, left_lying)
        _current.set(deadline)
        task = asyncio.create_task(_answering(app, scope, deadline))
        try:
            missed = await deadline.missed(task)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if missed is None:
            task.result()
            return
        request_id, fault = current().correlation, type(missed).__name__
        log.warning("http.given_up", request_id=request_id, route=scope["path_template"], fault=fault)
        task.add_done_callback(_unheard)
        task.cancel()
        raise missed

    return answered


async def _answering(app: ASGIApp, scope: Scope, deadline: Deadline) -> None:
    await app(scope, deadline.receive, deadline.send)


def _unheard(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("http.given_up_failed", request_id=current().correlation, error=type(error).__name__)
