"""Bodies that nobody wants: taken off the connection all the same, so that whoever sends one hears why.

A server that hangs up while it is still being sent to resets the connection, and its answer is lost: a proxy
says 502 in its place, and a browser that the connection broke.
"""

import asyncio
from contextlib import suppress
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, ReceiveMessage, Scope, Send

MOST: Final = 64_000_000
"""Bytes taken at the most; whoever sends more is cut off."""
LONGEST: Final = 30.0
"""Seconds that it may take."""
_ANNOUNCED: Final = frozenset({b"content-length", b"transfer-encoding"})
_ASKED_FIRST: Final = b"expect"
"""Whoever sends this header waits for leave to send the body, and needs none after the answer."""


class Remainders:
    """Takes what the application has left of a body, once it has answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name for name, _ in scope["headers"]} if scope["type"] == ScopeType.HTTP else frozenset()
        if headers.isdisjoint(_ANNOUNCED) or _ASKED_FIRST in headers:
            await self._app(scope, receive, send)
            return
        more = True

        async def received() -> ReceiveMessage:
            nonlocal more
            message = await receive()
            more = bool(message.get("more_body"))
            return message

        await self._app(scope, received, send)
        if more:
            await _taken(received)


async def _taken(receive: Receive) -> None:
    left = MOST
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST):
            while (
                left > 0
                and (message := await receive())["type"] == "http.request"
                and message.get("more_body")
            ):
                left -= len(message["body"])
