"""Where the links in our mail lead: pages on which an address is proved and another password set, without an app.

Opening one changes nothing, since mail programs open links by themselves; its button does.
"""

from typing import Any, Final

from litestar import MediaType, Request, Response, Router, get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery

from application.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
from application.errors import PasswordTooWeak, TokenInvalid
from infrastructure.wiring import Container
from interfaces.rest.authentication import OPEN
from interfaces.rest.errors.table import answer
from interfaces.rest.refusals import note
from interfaces.rest.routes.html import CSP, page

_LENGTHS: Final = {"shortest": SHORTEST_PASSWORD, "longest": LONGEST_PASSWORD}


@get("/verify", sync_to_thread=False)
def offer_to_verify(token: FromQuery[str] = "") -> Response[str]:
    return _shown("verify", token=token)


@post("/verify", status_code=200)
async def verify(request: Request[Any, Any, State], container: NamedDependency[Container]) -> Response[str]:
    form = await request.form()
    try:
        await sync_to_thread(container.accounts.confirm_verification, str(form.get("token", "")))
    except TokenInvalid as refused:
        note(request, refused)
        return _over()
    return _shown("told", title="Your address is confirmed", text="You can go back to the app now.")


@get("/reset-password", sync_to_thread=False)
def offer_to_reset(token: FromQuery[str] = "") -> Response[str]:
    return _shown("reset_password", token=token, refused=False, **_LENGTHS)


@post("/reset-password", status_code=200)
async def reset(request: Request[Any, Any, State], container: NamedDependency[Container]) -> Response[str]:
    form = await request.form()
    token, password = str(form.get("token", "")), str(form.get("password", ""))
    try:
        await sync_to_thread(container.accounts.reset_password, token, password)
    except TokenInvalid as refused:
        note(request, refused)
        return _over()
    except PasswordTooWeak:
        return _shown("reset_password", answer(PasswordTooWeak).status, token=token, refused=True, **_LENGTHS)
    return _shown(
        "told", title="Your password is changed", text="All devices are signed out: sign in again in the app."
    )


def _over() -> Response[str]:
    return _shown(
        "told",
        answer(TokenInvalid).status,
        title="This link is not good any more",
        text="It was used before, or its time is over. Ask for another one in the app.",
    )


def _shown(name: str, status: int = 200, **what: Any) -> Response[str]:
    return Response(page(name, **what), status_code=status, media_type=MediaType.HTML)


HANDLERS: Final = Router(
    "/",
    route_handlers=[offer_to_verify, verify, offer_to_reset, reset],
    include_in_schema=False,
    opt=OPEN,
    response_headers={"Content-Security-Policy": CSP},
)
