"""A user's own account: who they are, what they may change, where they are signed in, and being erased."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from application.errors import ConcurrentChange, NotFound, PasswordWrong, UnknownTimeZone, VersionMismatch
from domain.personal import Personal
from domain.user import NameTooLong
from infrastructure.queries import sessions, users
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import USERS
from infrastructure.wiring import Container
from interfaces.rest.authentication import SessionCookie
from interfaces.rest.errors.faults import IfMatchInvalid, ReadModelBehind
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.headers import ETAG, NOT_MODIFIED, RECORDED, IfNoneMatch, has, not_modified
from interfaces.rest.preconditions import IfMatch, expected_version
from interfaces.rest.problems import problems
from interfaces.rest.routes.accounts import TAGS, Name, NewTimeZone, Text


class Me(Struct, frozen=True):
    user_id: Annotated[UUID, Meta(examples=["6f1c1f5d-11aa-4f2f-9d0a-0a6f2b526f0e"])]
    email: Annotated[str, Meta(examples=["ada@example.com"])]
    name: Annotated[str, Meta(examples=["Ada Lovelace"])]
    email_verified: bool
    roles: Annotated[list[str], Meta(examples=[["user"]])]
    time_zone: Annotated[str, Meta(examples=["Europe/London"])]
    registered_at: Annotated[datetime, Meta(examples=["2026-05-04T09:30:00Z"])]


class ChangeMe(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    name: Name | None = None
    time_zone: NewTimeZone = None


class ChangedMe(Struct, frozen=True):
    name: Annotated[str, Meta(examples=["Ada King"])]
    time_zone: Annotated[str, Meta(examples=["Europe/London"])]


class EraseMe(Struct, frozen=True, forbid_unknown_fields=True):
    password: Annotated[
        Text,
        Meta(
            description="Mine, once more: a session alone erases nobody", examples=["a short walk in the sun"]
        ),
    ]


class ErasedMe(Struct, frozen=True):
    user_id: Annotated[UUID, Meta(examples=["6f1c1f5d-11aa-4f2f-9d0a-0a6f2b526f0e"])]
    jobs_cancelled: Annotated[int, Meta(description="Jobs that had not ended", examples=[1])]
    credits_forfeited: Annotated[
        int, Meta(description="Credits that were left, those of the cancelled jobs among them", examples=[7])
    ]


class Device(Struct, frozen=True):
    session_id: Annotated[UUID, Meta(examples=["1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"])]
    device: Annotated[str, Meta(description="What it called itself", examples=["Ada's phone"])]
    current: Annotated[bool, Meta(description="Whether it is the one that asks", examples=[True])]
    signed_in_at: Annotated[datetime, Meta(examples=["2026-05-04T09:30:00Z"])]
    expires_at: Annotated[datetime, Meta(examples=["2026-06-03T09:30:00Z"])]


class Devices(Struct, frozen=True):
    items: Annotated[list[Device], Meta(description="The newest first, 200 at the most")]


@get(
    "/me",
    tags=TAGS,
    summary="Who I am",
    response_headers=[ETAG],
    responses=NOT_MODIFIED | problems(ReadModelBehind),
)
async def me(
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    if_none_match: IfNoneMatch = None,
    wait_for_position: WaitForPosition = None,
) -> Response[Me | None]:
    await wait_for(reader, wait_for_position, USERS)
    if (row := await users.user(reader, principal.user_id)) is None:
        raise ReadModelBehind  # whoever is signed in has registered
    etag = {"ETag": f'"{row.version}"'}
    if has(if_none_match, etag["ETag"]):
        return not_modified(etag)
    shown = Me(
        user_id=row.user_id,
        email=row.email,
        name=row.name,
        email_verified=row.email_verified,
        roles=row.roles,
        time_zone=row.time_zone,
        registered_at=row.registered_at,
    )
    return Response(shown, headers=etag)


@patch(
    "/me",
    tags=TAGS,
    summary="Change my name or time zone",
    response_headers=[RECORDED, ETAG],
    responses=problems(NameTooLong, UnknownTimeZone, IfMatchInvalid, VersionMismatch, ConcurrentChange),
    sync_to_thread=True,
)
def change_me(
    data: JSONBody[ChangeMe],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    if_match: IfMatch = None,
) -> Response[ChangedMe]:
    user = container.accounts.change_profile(
        principal.user_id,
        name=None if data.name is None else Personal(data.name),
        time_zone=data.time_zone,
        expected_version=expected_version(if_match),
    )
    return Response(ChangedMe(user.name.text, user.time_zone), headers={"ETag": f'"{user.version}"'})


@delete(
    "/me",
    status_code=200,
    tags=TAGS,
    summary="Erase me, for ever",
    description="Nobody can undo it. All sessions end, unfinished jobs are cancelled, credits that are left are "
    "forfeited, and what is sealed with my key can be read by nobody any more: address, name, prompts, names of "
    "groups and files, messages about payments. All pictures are deleted within minutes, and so is the customer at "
    "the payment provider. What was paid, granted and spent stays in the books, without a name; refunds and disputes "
    "still take their course there, and a debt is claimed from nobody. The address may register again, without "
    "another trial.",
    response_headers=[RECORDED],
    responses=problems(PasswordWrong, ConcurrentChange),
    sync_to_thread=True,
)
def erase_me(
    data: JSONBody[EraseMe],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    session_cookie: NamedDependency[SessionCookie],
) -> Response[ErasedMe]:
    container.accounts.confirm(principal.user_id, data.password)
    erasure = container.standing.erase(principal.user_id)
    answer = ErasedMe(principal.user_id, erasure.jobs_cancelled, erasure.credits_forfeited)
    return Response(answer, cookies=[session_cookie.cleared()])


@get("/auth/sessions", tags=TAGS, summary="Where I am signed in")
async def list_sessions(reader: NamedDependency[Reader], principal: NamedDependency[Principal]) -> Devices:
    rows = await sessions.sessions(reader, principal.user_id)
    return Devices(
        [
            Device(
                row.session_id,
                row.device,
                row.session_id == principal.session_id,
                row.created_at,
                row.expires_at,
            )
            for row in rows
        ]
    )


@delete(
    "/auth/sessions/{session_id:uuid}",
    tags=TAGS,
    summary="Sign one of my devices out",
    responses=problems(NotFound),
    sync_to_thread=True,
)
def end_session(
    session_id: FromPath[UUID], container: NamedDependency[Container], principal: NamedDependency[Principal]
) -> None:
    container.accounts.end_session(principal.user_id, session_id)


HANDLERS = (me, change_me, erase_me, list_sessions, end_session)
