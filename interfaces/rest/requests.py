"""What surrounds every request: its id, the act it stands for, its answer's headers, a line in the log."""

import re
import time
from secrets import token_hex
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from application.context import Context, acting
from infrastructure.requests.metrics import RequestMetrics
from infrastructure.settings import Settings
from interfaces.rest import limits
from interfaces.rest.headers import EVENT_POSITION

REQUEST_ID: Final = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}")

STRICT_CSP: Final = "default-src 'none'; frame-ancestors 'none'"
"""For answers that are no pages: whatever shows one may load and embed nothing."""

DEFAULTS: Final = {
    b"cache-control": b"no-store",
    b"content-security-policy": STRICT_CSP.encode(),
    b"cross-origin-resource-policy": b"same-site",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
"""Headers of every answer that does not bring its own."""

HSTS: Final = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
"""Two years (OWASP HTTP Strict Transport Security cheat sheet)."""

log = structlog.get_logger()


class Requests:
    """The outermost layer of the API."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics
        self._https = urlsplit(settings.app_url).scheme == "https"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; everything recorded meanwhile is its doing."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        started = time.perf_counter()
        status, begun = 0, 0.0

        async def answered(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], time.perf_counter()
                message["headers"] = [
                    *message["headers"],
                    *self._headers(message, act),
                    *limits.headers(scope),
                ]
            await send(message)

        with acting(Context("anonymous", f"request:{request_id}", request_id)) as act:
            try:
                await self._app(scope, receive, answered)
            except Exception:
                log.exception("http.broken_off", request_id=request_id, route=_route(scope))
                raise
            finally:
                method, route, ended = scope["method"], _route(scope), time.perf_counter()
                self._metrics.answered(method, route, status, (begun or ended) - started)
                log.info(
                    "http.answered",
                    method=method,
                    route=route,
                    status=status,
                    ms=round((ended - started) * 1000, 1),
                    actor=act.actor,
                    request_id=request_id,
                )

    def _headers(self, message: Any, act: Context) -> list[tuple[bytes, bytes]]:
        brought = {name.lower() for name, _ in message["headers"]}
        headers = [(name, value) for name, value in DEFAULTS.items() if name not in brought]
        headers.append((REQUEST_ID, act.correlation.encode()))
        if act.position is not None:
            headers.append((EVENT_POSITION.lower().encode(), str(act.position).encode()))
        if self._https:
            headers.append(HSTS)
        return headers


def _request_id(scope: Scope) -> str:
    """The client's own id for the request, if it is a sane one, else a new one."""
    sent = next((value for name, value in scope["headers"] if name.lower() == REQUEST_ID), b"")
    return sent.decode() if _SANE.fullmatch(sent) else token_hex(16)


def _route(scope: Scope) -> str:
    """The address without its values: those of an unknown one could be anything."""
    return str(scope.get("path_template") or "unknown")
