"""The API's description: for programs as OpenAPI, for people as one page that needs nothing but itself."""

from typing import Any, Final

from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import ResponseHeader, State
from litestar.enums import MediaType, OpenAPIMediaType
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response import Redirect
from litestar.serialization import encode_json

from interfaces.rest.authentication import OPEN
from interfaces.rest.documentation import page as documentation_page
from interfaces.rest.documentation.openapi import complete
from interfaces.rest.viewers import PARAMETER

PAGE: Final = "/docs"
DOCUMENT: Final = "/api/v1/openapi.json"
VERSION: Final = "1"
"""Of the API: part of every address."""

DESCRIPTION: Final = """\
Photographs of homes in, better ones out, every credit accounted for.

Register, confirm the address with the token from the mail, sign in, send photos, submit them as a job with a
brief, follow the job, and fetch the results.

A program of your own sends an API key in the place of a session's token: each has its scopes.

Errors are `application/problem+json` with a stable `code`. The answer of a command carries `Event-Position`;
sent as `Wait-For-Position`, it makes a query wait until it knows that. A POST that creates something takes
an `Idempotency-Key`: sent again with the same key, it creates nothing more. Lists hand out a `next_cursor`.
Requests are limited a minute, and each answer's `RateLimit` says what is left.
An answer begins within 20 s of the last byte of its request, within 50 s where pictures are worked on, and
later only where a request says how long it waits; a 503 may be asked again, under the same `Idempotency-Key`.
Times are UTC, ids are UUIDs, and fields that are not known are refused."""
"""What a newcomer needs to know before the first request; `words` are code."""


class _Prepared(OpenAPIRenderPlugin):
    """Answers with what `prepare` made when the application was built."""

    def __init__(self, path: str, kind: str, media_type: MediaType | OpenAPIMediaType) -> None:
        super().__init__(path=path, media_type=media_type)
        self._kind = kind

    def render(
        self,
        request: Request[Any, Any, State],
        openapi_schema: dict[str, Any],  # noqa: ARG002 - the framework's own, before `prepare` completed it
    ) -> bytes:
        prepared: bytes = request.app.state[self._kind]
        return prepared


CONFIG: Final = OpenAPIConfig(
    title="Stage in Seconds",
    version=VERSION,
    description=DESCRIPTION,
    operation_id_creator=lambda handler, _method, _path: handler.handler_name,
    components=Components(
        security_schemes={
            "bearer": SecurityScheme(
                type="http", scheme="bearer", description="The token that POST /auth/sign-in answered"
            ),
            "api_key": SecurityScheme(
                type="http",
                scheme="bearer",
                description="A key of POST /me/api-keys, for programs; each route names the scope that it takes, "
                "and what names none takes a session",
            ),
            "cookie": SecurityScheme(
                type="apiKey",
                name="session",
                security_scheme_in="cookie",
                description="Set by POST /auth/sign-in with transport cookie, for browsers",
            ),
            "link": SecurityScheme(
                type="apiKey",
                name=PARAMETER,
                security_scheme_in="query",
                description="In links that were given out; it holds for the whole address, `expires` included",
            ),
        }
    ),
    openapi_router=Router(
        PAGE,
        route_handlers=[],
        include_in_schema=False,
        opt=OPEN,
        response_headers=[
            ResponseHeader(name="Content-Security-Policy", value=documentation_page.CSP),
            ResponseHeader(name="Cache-Control", value="public, max-age=300"),
        ],
    ),
    render_plugins=[
        _Prepared("/", "page", MediaType.HTML),
        _Prepared("/openapi.json", "document", OpenAPIMediaType.OPENAPI_JSON),
    ],
)


@get(DOCUMENT, opt=OPEN, include_in_schema=False, sync_to_thread=False)
def openapi(request: Request[Any, Any, State]) -> Response[bytes]:
    return Response(
        request.app.state["document"],
        media_type=OpenAPIMediaType.OPENAPI_JSON,
        headers={"Cache-Control": "public, max-age=300"},
    )


@get("/", opt=OPEN, include_in_schema=False, sync_to_thread=False)
def root() -> Redirect:
    """Whoever opens the address itself wants to know what is here."""
    return Redirect(PAGE, status_code=307)


def prepare(app: Litestar) -> None:
    """Make the document and the page, once all routes are known, and once for all applications alike."""
    alike = (app.state.session_cookie.name, *sorted(route.path for route in app.routes))
    if alike not in _made:
        document = complete(app)
        page = documentation_page.rendered(document, DOCUMENT)
        _made[alike] = {"document": encode_json(document), "page": page.encode()}
    app.state.update(_made[alike])


_made: dict[tuple[str, ...], dict[str, bytes]] = {}
"""By what the document depends on: the name of the session's cookie, and the routes."""


HANDLERS = (openapi, root)
