"""Accounts over HTTP: registering, proving the address, signing in and out."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from application.accounts import (
    LONGEST_PASSWORD,
    SESSION_LIFETIME,
    SHORTEST_PASSWORD,
    VERIFICATION_LIFETIME,
    time_zones,
)
from application.errors import (
    AccountSuspended,
    ConcurrentChange,
    PasswordTooWeak,
    SessionOver,
    SignInRefused,
    TokenInvalid,
    UnknownTimeZone,
)
from domain.email_claim import ADDRESS_LENGTH, AddressMalformed, AddressTaken
from domain.errors import Conflict
from domain.personal import Personal
from domain.user import NAME_LENGTH, NameTooLong
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.rest.authentication import OPEN, SessionCookie, token
from interfaces.rest.bodies import described
from interfaces.rest.errors.faults import CsrfRejected
from interfaces.rest.headers import (
    RECORDED,
    REPLAYED,
)
from interfaces.rest.limits import Lane, Limits
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.problems import problems

TEXT_LENGTH = 1_000
"""No text of an account is longer, in characters; what each may have at the most, the domain says."""

Text = Annotated[str, Meta(max_length=TEXT_LENGTH)]
Email = Annotated[
    Text,
    Meta(
        description="An e-mail address",
        examples=["ada@example.com"],
        extra_json_schema=described(format="email", max_length=ADDRESS_LENGTH),
    ),
]
Password = Annotated[
    Text,
    Meta(
        description=f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, any of them",
        examples=["a long walk in the rain"],
        extra_json_schema=described(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD),
    ),
]
Name = Annotated[
    Text,
    Meta(
        description=f"How we address you, in up to {NAME_LENGTH} characters",
        examples=["Ada Lovelace"],
        extra_json_schema=described(max_length=NAME_LENGTH),
    ),
]
TimeZone = Annotated[
    Text,
    Meta(
        description="IANA name",
        examples=["Europe/London"],
        extra_json_schema=described(enum=sorted(time_zones())),
    ),
]
NewTimeZone = Annotated[
    TimeZone | None, Meta(extra_json_schema=described(enum=[*sorted(time_zones()), None]))
]
MailedToken = Annotated[
    Text, Meta(description="From the mail", examples=["Yk3n0Jw2f4rQ9sVtXzBcLmNpKdHgFeAa1i7u5o6y8E0"])
]
DEVICE_LENGTH = 200
TAGS = ["Accounts"]


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: Password
    name: Name
    time_zone: TimeZone = "UTC"


class Registered(Struct, frozen=True):
    user_id: Annotated[UUID, Meta(examples=["6f1c1f5d-11aa-4f2f-9d0a-0a6f2b526f0e"])]


class ConfirmVerification(Struct, frozen=True, forbid_unknown_fields=True):
    token: MailedToken


class Verified(Struct, frozen=True):
    user_id: Annotated[UUID, Meta(examples=["6f1c1f5d-11aa-4f2f-9d0a-0a6f2b526f0e"])]


class LinkMailed(Struct, frozen=True):
    valid_hours: Annotated[int, Meta(description="How long a link in the mail is good", examples=[24])]


def link_mailed(lifetime: timedelta) -> Response[LinkMailed]:
    """The answer to whoever asks for such a mail, whether one is sent or not."""
    return Response(LinkMailed(int(lifetime.total_seconds()) // 3600))


class Transport(StrEnum):
    BEARER = "bearer"
    COOKIE = "cookie"


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: Annotated[Text, Meta(examples=["a long walk in the rain"])]
    transport: Annotated[
        Transport,
        Meta(
            description="bearer: the token is in the answer, for apps; cookie: it is set as a cookie that "
            "scripts cannot read, for browsers",
            examples=["bearer"],
        ),
    ]
    device: Annotated[
        str | None,
        Meta(description="What the client calls itself; else its User-Agent", examples=["Ada's phone"]),
    ] = None


class SignedIn(Struct, frozen=True):
    transport: Annotated[Transport, Meta(examples=["bearer"])]
    token: Annotated[
        str | None,
        Meta(
            description="Opaque; null when it is in the cookie",
            examples=["Q7mV3xLd0sK5pZtR8wYbNcHfGjUaEi1o2u4y6e9A-B_"],
        ),
    ]
    expires_in: Annotated[int, Meta(description="Seconds until the session ends", examples=[2_592_000])]


@post(
    "/auth/register",
    opt=OPEN,
    tags=TAGS,
    summary="Open an account",
    description="A mail with a link follows; confirming it brings the free credits.",
    response_headers=[RECORDED, REPLAYED],
    responses=problems(
        AddressMalformed,
        AddressTaken,
        Conflict,
        PasswordTooWeak,
        NameTooLong,
        UnknownTimeZone,
        ConcurrentChange,
        *REPEATABLE,
    ),
)
async def register(
    data: JSONBody[Register],
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    once: NamedDependency[Once],
    limited: NamedDependency[Limits],
) -> Response[Registered]:
    await limited.count_about(request.scope, Lane.SIGN_IN, data.email)

    def open_account(user_id: UUID) -> Response[Registered]:
        container.accounts.register(
            user_id,
            email=Personal(data.email),
            password=data.password,
            name=Personal(data.name),
            time_zone=data.time_zone,
        )
        return Response(Registered(user_id))

    return await once.for_stranger(data.email, data, open_account)


@post(
    "/auth/verification",
    status_code=202,
    tags=TAGS,
    summary="Ask for another verification mail",
    description="Nothing is sent when the address is verified already.",
    response_headers=[REPLAYED],
    responses=problems(*REPEATABLE),
)
async def send_verification(
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[LinkMailed]:
    def send(message_id: UUID) -> Response[LinkMailed]:
        container.accounts.ask_for_verification(principal.user_id, message_id)
        return link_mailed(VERIFICATION_LIFETIME)

    return await once.for_user(principal.user_id, None, send, appends=False)


@post(
    "/auth/verification/confirm",
    opt=OPEN,
    status_code=200,
    tags=TAGS,
    summary="Prove an address with the token that was mailed to it",
    description="The first time of a mailbox grants its free credits.",
    response_headers=[RECORDED],
    responses=problems(TokenInvalid, ConcurrentChange),
    sync_to_thread=True,
)
def confirm_verification(
    data: JSONBody[ConfirmVerification], container: NamedDependency[Container]
) -> Verified:
    return Verified(container.accounts.confirm_verification(data.token))


@post(
    "/auth/sign-in",
    opt=OPEN,
    status_code=200,
    tags=TAGS,
    summary="Sign in",
    responses=problems(SignInRefused, AccountSuspended, CsrfRejected),
)
async def sign_in(
    data: JSONBody[SignIn],
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    session_cookie: NamedDependency[SessionCookie],
    limited: NamedDependency[Limits],
) -> Response[SignedIn]:
    await limited.count_about(request.scope, Lane.SIGN_IN, data.email)
    if data.transport is Transport.COOKIE:
        session_cookie.check_page(request)
    session = await sync_to_thread(
        container.accounts.sign_in,
        email=Personal(data.email),
        password=data.password,
        device=(data.device or request.headers.get("User-Agent") or "unknown")[:DEVICE_LENGTH],
    )
    seconds = int(SESSION_LIFETIME.total_seconds())
    if data.transport is Transport.COOKIE:
        return Response(SignedIn(data.transport, None, seconds), cookies=[session_cookie.of(session)])
    return Response(SignedIn(data.transport, session, seconds))


class Refreshed(Struct, frozen=True):
    expires_in: Annotated[int, Meta(description="Seconds until the session ends", examples=[2_592_000])]


@post(
    "/auth/refresh",
    status_code=200,
    tags=TAGS,
    summary="Stay signed in",
    description="The session lasts anew; its token stays the same.",
    responses=problems(SessionOver, CsrfRejected),
    sync_to_thread=True,
)
def refresh(
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    session_cookie: NamedDependency[SessionCookie],
) -> Response[Refreshed]:
    session = token(request) or ""
    container.accounts.refresh(session)
    by_cookie = "Authorization" not in request.headers
    return Response(
        Refreshed(int(SESSION_LIFETIME.total_seconds())),
        cookies=[session_cookie.of(session)] if by_cookie else [],
    )


@post(
    "/auth/sign-out",
    opt=OPEN,
    status_code=204,
    tags=TAGS,
    summary="End this session",
    description="Also right when there is none: afterwards nobody is signed in.",
    responses=problems(CsrfRejected),
    sync_to_thread=True,
)
def sign_out(
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    session_cookie: NamedDependency[SessionCookie],
) -> Response[None]:
    if session := token(request):
        container.accounts.sign_out(session)
    return Response(None, cookies=[session_cookie.cleared()])


HANDLERS = (register, send_verification, confirm_verification, sign_in, refresh, sign_out)
