"""A user's API keys: making them for programs of theirs, seeing which there are, and revoking them."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from application.api_keys import KEYS_PER_USER, IssuedKey, KeyScope, KeyShownBefore, TooManyApiKeys
from application.errors import NotFound
from domain.personal import Personal
from infrastructure.queries import api_keys as queries
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.rest.bodies import described
from interfaces.rest.headers import REPLAYED
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import Moment

TAGS: Final = ["API keys"]
NAME_LENGTH: Final = 100
DAYS: Final = 90
"""For which a key is good, unless something else is asked for."""
MOST_DAYS: Final = 365

KeyId = Annotated[UUID, Meta(examples=["3b0e2c5d-7f3a-4e58-9f0d-0a6f2b526f0e"])]
KeyName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=NAME_LENGTH,
        pattern=r"\S",
        description="What it is for, in your words",
        examples=["Nightly uploads from the studio"],
    ),
]
Scopes = Annotated[
    list[KeyScope],
    Meta(
        min_length=1,
        description="jobs:read: look at jobs, their pictures and the dashboard; jobs:write: send photos, and submit, "
        "cancel, rename and delete jobs; billing:read: look at credits, checkouts and purchases; webhooks: look after "
        "webhooks; profile:read: see the name and the address; audit:read: read the audit, if its user may",
        examples=[["jobs:read", "jobs:write"]],
    ),
]
Prefix = Annotated[str, Meta(description="How the key begins", examples=["sis_Yk3n0J"])]
Until = Annotated[Moment | None, Meta(description="null: until it is revoked")]


class KeyWanted(Struct, frozen=True, forbid_unknown_fields=True):
    name: KeyName
    scopes: Scopes
    expires_in_days: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_DAYS)] | None,
        Meta(
            description="null: until it is revoked",
            examples=[DAYS],
            extra_json_schema=described(minimum=1, maximum=MOST_DAYS),
        ),
    ] = DAYS


class KeyCreated(Struct, frozen=True):
    key_id: KeyId
    key: Annotated[
        str,
        Meta(
            description="Sent as `Authorization: Bearer`; shown this once",
            examples=["sis_Yk3n0Jw2f4rQ9sVtXzBcLmNpKdHgFeAa1i7u5o6y8E0"],
        ),
    ]
    name: KeyName
    scopes: Scopes
    expires_at: Until


class KeyShown(Struct, frozen=True):
    key_id: KeyId
    name: KeyName
    prefix: Prefix
    scopes: Scopes
    created_at: Moment
    last_used_at: Annotated[Moment | None, Meta(description="To the minute; null if never")]
    expires_at: Until


class Keys(Struct, frozen=True):
    items: Annotated[list[KeyShown], Meta(description="The newest first")]


@post(
    "/me/api-keys",
    tags=TAGS,
    summary="Let a program act for me",
    description=f"Within its scopes, and counted with my own requests. A user can have {KEYS_PER_USER} keys. No key "
    "can make another, or change a password, buy, or erase. Only a hash of it is kept; where an `Idempotency-Key` is "
    "sent, the answer is, too, for a day and sealed. All keys end when the password is changed or set anew, and when "
    "their user is suspended or erased.",
    response_headers=[REPLAYED],
    responses=problems(TooManyApiKeys, KeyShownBefore, *REPEATABLE),
)
async def create_api_key(
    data: JSONBody[KeyWanted],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[KeyCreated]:
    def create(key_id: UUID) -> Response[KeyCreated]:
        issued = container.api_keys.create(
            key_id,
            user_id=principal.user_id,
            name=Personal(data.name),
            scopes=data.scopes,
            lifetime=None if data.expires_in_days is None else timedelta(days=data.expires_in_days),
        )
        return Response(_created(issued))

    return await once.recorded(principal.user_id, data, create)


@get("/me/api-keys", tags=TAGS, summary="Which programs may act for me")
async def list_api_keys(reader: NamedDependency[Reader], principal: NamedDependency[Principal]) -> Keys:
    rows = await queries.api_keys(reader, principal.user_id)
    return Keys(
        [
            KeyShown(
                row.key_id,
                row.name,
                row.prefix,
                list(map(KeyScope, row.scopes)),
                row.created_at,
                row.last_used_at,
                row.expires_at,
            )
            for row in rows
        ]
    )


@delete(
    "/me/api-keys/{key_id:uuid}",
    tags=TAGS,
    summary="Let a program act for me no more",
    description="From now on.",
    responses=problems(NotFound),
    sync_to_thread=True,
)
def revoke_api_key(
    key_id: FromPath[UUID], container: NamedDependency[Container], principal: NamedDependency[Principal]
) -> None:
    container.api_keys.revoke(key_id, principal.user_id)


def _created(issued: IssuedKey) -> KeyCreated:
    about = issued.about
    scopes = sorted(map(KeyScope, about.scopes))
    return KeyCreated(about.key_id, issued.key, about.name.text, scopes, about.expires_at)


HANDLERS = (create_api_key, list_api_keys, revoke_api_key)
