"""The API as an ASGI application: every route, what guards it, and how its errors are told."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from infrastructure.metrics import Place, offered
from infrastructure.queries.api_keys import KeyHolders
from infrastructure.queries.dashboard import Dashboards
from infrastructure.queries.jobs import PageVersions
from infrastructure.queries.pages import Pages
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principals
from infrastructure.queries.streams import News
from infrastructure.requests.answers import Answers
from infrastructure.requests.metrics import RequestMetrics
from infrastructure.requests.rate_limits import RateLimits
from infrastructure.requests.refusals import Refusals
from infrastructure.settings import Settings
from infrastructure.storage.previews import Previews
from infrastructure.wiring import Container
from interfaces.rest import limits, methods
from interfaces.rest.addresses import API
from interfaces.rest.arriving import Arrivals, hands
from interfaces.rest.authentication import Connection, SessionCookie, principal, signed_in
from interfaces.rest.bodies import JSON_BYTES, StrictRequest, readable
from interfaces.rest.deadlines import in_time
from interfaces.rest.documentation import serving as documentation
from interfaces.rest.ending import when_asked_to_stop
from interfaces.rest.errors.faults import RouteNotFound
from interfaces.rest.files import Downloads
from interfaces.rest.headers import EVENT_POSITION, REPLAYED
from interfaces.rest.once import once
from interfaces.rest.parameters import check_parameters
from interfaces.rest.problems import problem
from interfaces.rest.remainders import Remainders
from interfaces.rest.requests import Requests
from interfaces.rest.routes import dashboard, mailed_links, sandbox
from interfaces.rest.routes.job_events import OpenStreams
from interfaces.rest.routes.table import HANDLERS
from interfaces.rest.viewers import viewer


def create_app(container: Container) -> ASGIApp:
    """The application; it opens the container when it starts, and closes it when it stops."""
    settings = container.settings
    refusals = Refusals(container.security_log.write)
    metrics = RequestMetrics(lambda: refusals.unwritten)
    reader = Reader(
        settings.database_url, container.keyring, size=settings.database_pool, timed=metrics.queried
    )
    answers = Answers(settings.direct_url, container.keyring)
    news = News(reader, settings.redis_url)
    counts = RateLimits(settings.redis_url)
    limited = limits.Limits(counts, settings)
    session_cookie = SessionCookie(settings)
    app = Litestar(
        [
            Router(API, route_handlers=HANDLERS),
            *documentation.HANDLERS,
            mailed_links.HANDLERS,
            *sandbox.handlers(container),
        ],
        middleware=[in_time, _admitting],
        dependencies={
            "container": _always(container),
            "reader": _always(reader),
            "answers": _always(answers),
            "once": Provide(once),
            "news": _always(news),
            "pages": _always(Pages()),
            "page_versions": _always(PageVersions(reader)),
            "dashboards": _always(Dashboards(reader, newest=dashboard.SHOWN)),
            "previews": _always(Previews(container.pictures, container.darkroom)),
            "downloads": _always(Downloads()),
            "arrivals": _always(Arrivals(hands(settings.database_pool))),
            "open_streams": _always(OpenStreams(settings.streams_per_user)),
            "session_cookie": _always(session_cookie),
            "limited": _always(limited),
            "principal": Provide(principal, sync_to_thread=False),
            "viewer": Provide(viewer, sync_to_thread=False),
        },
        exception_handlers={Exception: problem},
        request_class=StrictRequest,
        request_max_body_size=JSON_BYTES,
        cors_config=_cors(settings),
        openapi_config=documentation.CONFIG,
        state=State(
            {
                "principals": Principals(reader),
                "key_holders": KeyHolders(reader),
                "session_cookie": session_cookie,
                "limits": limited,
                "refusals": refusals,
                "metrics": metrics,
                "signed_links": container.signed_links,
            }
        ),
        lifespan=[_running(container, reader, answers, news, counts, refusals, metrics)],
        logging_config=None,
    )
    app.state.allowed = methods.by_path(app)
    documentation.prepare(app)
    _resolve_in_turn(app)
    return methods.Heads(Remainders(Requests(app, settings, metrics)))


def _admitting(app: ASGIApp) -> ASGIApp:
    """Refuses whoever may not ask, or asks too often, and bodies of another kind, before any is read.

    Guards would do the same, but for each of them the framework copies the handler at each request.
    """

    async def admitted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            if "\0" in scope["path"]:  # no database would look for it
                raise RouteNotFound
            connection: Connection = ASGIConnection(scope, receive, send)
            if scope["method"] == "OPTIONS":
                allow = connection.app.state.allowed[scope["path_template"]]
                await methods.options(allow)(scope, receive, send)
                return
            await _counted(connection)
            check_parameters(connection, connection.route_handler)
            readable(connection, connection.route_handler)
        await app(scope, receive, send)

    return admitted


async def _counted(connection: Connection) -> None:
    """Whoever is not let in is counted, too: as the address that they ask from."""
    user = None
    try:
        user = await signed_in(connection, connection.route_handler)
    finally:
        scope = connection.scope
        path = scope["path_template"].removeprefix(API)
        if lane := limits.lane(str(scope.get("method")), path):
            await connection.app.state.limits.count(scope, lane, user.user_id if user else None)


def _always(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


def _resolve_in_turn(app: Litestar) -> None:
    """Have a request's dependencies made one after the other.

    Those that do not need each other the framework makes in a task each, which costs more than all that it
    does for a request besides; and ours are there already.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, model in route.route_handler_map.values():
                model.dependency_batches = [{one} for batch in model.dependency_batches for one in batch]


def _running(
    container: Container,
    reader: Reader,
    answers: Answers,
    news: News,
    counts: RateLimits,
    refusals: Refusals,
    metrics: RequestMetrics,
) -> Any:
    @asynccontextmanager
    async def running(_app: Litestar) -> AsyncIterator[None]:
        # As many commands at once as there are connections for them.
        threads = ThreadPoolExecutor(container.settings.database_pool, thread_name_prefix="command")
        asyncio.get_running_loop().set_default_executor(threads)
        container.open()
        await reader.open()
        await news.open()
        when_asked_to_stop(news.end)
        try:
            with offered(container.settings, Place.SERVE, metrics.registry):
                yield
        finally:
            await news.close()
            await counts.close()
            await refusals.close()
            await answers.close()
            await reader.close()
            container.close()

    return running


def _cors(settings: Settings) -> CORSConfig | None:
    """Only the origins that the settings name may read answers, and may send the session's cookie."""
    if not settings.origins:
        return None
    return CORSConfig(
        allow_origins=settings.origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "Last-Event-ID",
            "Range",
            "Wait-For-Position",
            "X-Request-Id",
        ],
        expose_headers=[
            "Accept-Ranges",
            "Content-Range",
            "ETag",
            "Location",
            "Retry-After",
            limits.POLICY,
            limits.STATE,
            EVENT_POSITION,
            REPLAYED.name,
            "X-Request-Id",
        ],
        allow_credentials=True,
    )
