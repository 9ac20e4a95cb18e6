"""HEAD and OPTIONS, which every address answers without a handler of its own (RFC 9110, 9.3.2 and 9.3.7)."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPResponseBodyEvent, Message, Receive, ReceiveMessage, Scope, Send

_NOTHING: HTTPResponseBodyEvent = {"type": "http.response.body", "body": b"", "more_body": False}


class Heads:
    """Answers HEAD as GET would be answered, with all its headers and nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A GET that would stream is told that its client went away."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        answered = asyncio.Event()
        asked = False

        async def asked_once() -> ReceiveMessage:
            nonlocal asked
            if not asked:
                asked = True
                return await receive()
            await answered.wait()
            return {"type": "http.disconnect"}

        async def without_content(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send(_NOTHING)
                answered.set()

        await self._app({**scope, "method": "GET"}, asked_once, without_content)


def allowed(methods: Iterable[str]) -> str:
    """An Allow header: whoever answers GET answers HEAD."""
    known = set(methods)
    return ", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))


def by_path(app: Litestar) -> Mapping[str, str]:
    """What each address takes, by its template. The framework itself forgets all but the last handler's."""
    methods = defaultdict(set)
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            methods[route.path_format].update(route.methods)
    return {path: allowed(known) for path, known in methods.items()}


def options(allow: str) -> ASGIResponse:
    """The answer to OPTIONS, where no browser asks before a request of another origin's page."""
    return ASGIResponse(status_code=204, headers={"Allow": allow})
