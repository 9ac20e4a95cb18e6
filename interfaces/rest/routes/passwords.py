"""Passwords over HTTP: setting another one, with the current one or with a link that was mailed."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from application.accounts import RESET_LIFETIME
from application.errors import ConcurrentChange, PasswordTooWeak, PasswordWrong, TokenInvalid
from domain.email_claim import AddressMalformed
from domain.personal import Personal
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.rest.authentication import OPEN, SessionCookie
from interfaces.rest.headers import RECORDED, REPLAYED
from interfaces.rest.limits import Lane, Limits
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.problems import problems
from interfaces.rest.routes.accounts import TAGS, Email, LinkMailed, MailedToken, Password, Text, link_mailed


class ForgotPassword(Struct, frozen=True, forbid_unknown_fields=True):
    email: Email


class ResetPassword(Struct, frozen=True, forbid_unknown_fields=True):
    token: MailedToken
    password: Password


class ChangePassword(Struct, frozen=True, forbid_unknown_fields=True):
    current_password: Annotated[Text, Meta(examples=["a short walk in the sun"])]
    password: Password


@post(
    "/auth/password/forgot",
    opt=OPEN,
    status_code=202,
    tags=TAGS,
    summary="Ask for a link that sets another password",
    description="The answer is the same whether there is an account or not.",
    response_headers=[REPLAYED],
    responses=problems(AddressMalformed, *REPEATABLE),
)
async def forgot_password(
    data: JSONBody[ForgotPassword],
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    once: NamedDependency[Once],
    limited: NamedDependency[Limits],
) -> Response[LinkMailed]:
    await limited.count_about(request.scope, Lane.SIGN_IN, data.email)

    def send(message_id: UUID) -> Response[LinkMailed]:
        container.accounts.ask_for_reset(Personal(data.email), message_id)
        return link_mailed(RESET_LIFETIME)

    return await once.for_stranger(data.email, data, send, appends=False)


@post(
    "/auth/password/reset",
    opt=OPEN,
    status_code=204,
    tags=TAGS,
    summary="Set another password with the token that was mailed",
    description="A token is good once. All sessions and API keys end.",
    response_headers=[RECORDED],
    responses=problems(TokenInvalid, PasswordTooWeak, ConcurrentChange),
    sync_to_thread=True,
)
def reset_password(data: JSONBody[ResetPassword], container: NamedDependency[Container]) -> None:
    container.accounts.reset_password(data.token, data.password)


@post(
    "/auth/password/change",
    status_code=204,
    tags=TAGS,
    summary="Set another password",
    description="All sessions end, this one too: sign in again. So do all API keys.",
    response_headers=[RECORDED],
    responses=problems(PasswordWrong, PasswordTooWeak, ConcurrentChange),
    sync_to_thread=True,
)
def change_password(
    data: JSONBody[ChangePassword],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    session_cookie: NamedDependency[SessionCookie],
) -> Response[None]:
    container.accounts.change_password(
        principal.user_id, current=data.current_password, password=data.password
    )
    return Response(None, cookies=[session_cookie.cleared()])


HANDLERS = (forgot_password, reset_password, change_password)
