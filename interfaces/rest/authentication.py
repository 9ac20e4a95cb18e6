"""Who is asking: a session's token, sent as bearer or cookie, or an API key; and pages that may use the cookie."""

from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, State
from litestar.handlers import BaseRouteHandler

from application.accounts import SESSION_LIFETIME
from application.context import current
from domain.user import Role
from infrastructure.accounts.api_keys import is_api_key
from infrastructure.queries.api_keys import KeyHolders
from infrastructure.queries.sessions import Principal, Principals
from infrastructure.settings import Settings
from interfaces.rest.errors.faults import (
    ApiKeyRefused,
    CsrfRejected,
    NotSignedIn,
    RoleHidden,
    RoleMissing,
    ScopeMissing,
    SessionNeeded,
)
from interfaces.rest.scopes import scope
from interfaces.rest.viewers import PARAMETER, link_holder

Connection = ASGIConnection[Any, Any, Any, Any]

OPEN: Final = {"open": True}
"""`opt=OPEN` marks a route that anyone may use; every other one wants a session."""


def needs(role: Role) -> dict[str, str]:
    """`opt=needs(Role.OPERATOR)` marks a route that only users with this role may use."""
    return {"role": role.value}


def for_role(role: Role) -> dict[str, Any]:
    """`opt=for_role(…)` marks one about others' things, which is not there for whoever lacks the role."""
    return {"role": role.value, "hidden": True}


_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class SessionCookie:
    """The session's cookie: kept from scripts, from other sites, and over https from other hosts' pages."""

    def __init__(self, settings: Settings) -> None:
        self._secure = urlsplit(settings.app_url).scheme == "https"
        self.name = "__Host-session" if self._secure else "session"
        self._origins = {_origin(settings.app_url), *map(_origin, settings.origins)}

    def of(self, token: str) -> Cookie:
        return self._cookie(token, int(SESSION_LIFETIME.total_seconds()))

    def cleared(self) -> Cookie:
        return self._cookie("", 0)

    def check_page(self, connection: Connection) -> None:
        """Raise CsrfRejected unless the request comes from a page of ours.

        Browsers write both headers themselves, and no page can change them.
        """
        if connection.headers.get("Sec-Fetch-Site") == "same-origin":
            return
        if connection.headers.get("Origin") not in self._origins:
            raise CsrfRejected

    def _cookie(self, value: str, seconds: int) -> Cookie:
        return Cookie(
            key=self.name,
            value=value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )


async def signed_in(connection: Connection, handler: BaseRouteHandler) -> Principal | None:
    """Who asks; of a route that is OPEN nobody is asked, and of a SIGNED one a signature will do.

    Raises NotSignedIn, ApiKeyRefused, CsrfRejected, LinkInvalid, LinkExpired, to whoever lacks its role RoleMissing, or
    RoleHidden when it is hidden, and to programs whose key may not do this ScopeMissing or SessionNeeded.
    """
    if handler.opt.get("open") or _method(connection) == "OPTIONS":
        return None
    if handler.opt.get("signed") and PARAMETER in connection.query_params:
        connection.scope["user"] = link_holder(connection)
        current().actor = "link"
        return None
    if (sent := token(connection)) is None:
        raise NotSignedIn
    state = connection.app.state
    by_key = is_api_key(sent) and "Authorization" in connection.headers  # in a cookie it is none
    known: Principals | KeyHolders = state.key_holders if by_key else state.principals
    if (found := await known.find(sent)) is None:
        raise ApiKeyRefused if by_key else NotSignedIn
    connection.scope["user"] = found
    act = current()
    act.actor = f"user:{found.user_id}"
    if (role := handler.opt.get("role")) and role not in found.roles:
        raise RoleHidden if handler.opt.get("hidden") else RoleMissing(role)
    if found.key_id:
        _check_scope(connection, found)
        act.cause = f"api_key:{found.key_id}"
    return found


def _check_scope(connection: Connection, holder: Principal) -> None:
    needed = scope(_method(connection), connection.scope["path_template"])
    if needed is None:
        raise SessionNeeded
    if needed not in holder.scopes:
        raise ScopeMissing(needed.value)


def token(connection: Connection) -> str | None:
    """The session's token or the key, the bearer's before the cookie's. Raises CsrfRejected."""
    if (header := connection.headers.get("Authorization")) is not None:
        scheme, _, value = header.partition(" ")
        return value.strip() or None if scheme.lower() == "bearer" else None
    session_cookie: SessionCookie = connection.app.state.session_cookie
    cookie = connection.cookies.get(session_cookie.name)
    if cookie and _method(connection) not in _READING:
        session_cookie.check_page(connection)
    return cookie or None


def principal(request: Request[Principal, Any, State]) -> Principal:
    """The signed-in user, for handlers that ask for them."""
    return request.user


def _method(connection: Connection) -> str:
    return str(connection.scope.get("method"))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
