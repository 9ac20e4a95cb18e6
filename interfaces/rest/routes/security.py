"""The security log over HTTP, for auditors: what was refused, whence, and about which mailbox."""

from typing import Annotated, Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from domain.email_claim import ADDRESS_LENGTH, AddressMalformed, claim_id
from domain.personal import Personal
from infrastructure.queries import security_log
from infrastructure.queries.reader import Reader
from infrastructure.records.security_log import Refused
from infrastructure.wiring import Container
from interfaces.rest import cursors
from interfaces.rest.cursors import Cursor, Limit
from interfaces.rest.errors.faults import CursorInvalid
from interfaces.rest.problems import problems
from interfaces.rest.routes.audit import AUDITOR, PAGE, TAGS
from interfaces.rest.routes.audit_shapes import NextCursor
from interfaces.rest.routes.job_shapes import Moment

Kind = Annotated[Refused | None, QueryParameter(description="Only what was refused so.")]
Address = Annotated[
    str | None,
    QueryParameter(
        max_length=ADDRESS_LENGTH,
        schema_extra={"format": "email"},
        description="Only what was about this mailbox, whether anybody has registered with it or not.",
    ),
]


class RefusalShown(Struct, frozen=True):
    recorded_at: Moment
    kind: Annotated[Refused, Meta(description="What was refused", examples=["sign_in"])]
    times: Annotated[int, Meta(description="How often, all else being the same", examples=[3])]
    route: Annotated[
        str | None,
        Meta(
            description="Of what was asked. Null where so much was refused that only networks, or kinds, were counted",
            examples=["POST /api/v1/auth/sign-in"],
        ),
    ]
    network: Annotated[
        str | None,
        Meta(
            description="Where it came from: 24 bits of an IPv4 address, 48 of an IPv6 one",
            examples=["203.0.113.0/24"],
        ),
    ]
    claim_id: Annotated[
        UUID | None,
        Meta(
            description="The HMAC of the e-mail address that it was about",
            examples=["9d4a5e1c-0c0f-8d7e-8a90-1f6c1f5d1100"],
        ),
    ]
    user_id: Annotated[UUID | None, Meta(description="Who was signed in", examples=[None])]
    request_id: Annotated[
        str | None,
        Meta(description="Of the first, as our logs name it", examples=["5c2f8f3e0d5b4f6f9a0c1f2e3d4b5a69"]),
    ]


class SecurityLogPage(Struct, frozen=True):
    items: list[RefusalShown]
    next_cursor: NextCursor


@get(
    "/audit/security",
    tags=TAGS,
    summary="What was refused, newest first",
    description="Wrong passwords, tokens and keys, missing roles and scopes, limits that were reached. It is written a "
    "second later, and kept for some months.",
    opt=AUDITOR,
    responses=problems(AddressMalformed, CursorInvalid),
)
async def show_security_log(
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    kind: Kind = None,
    email: Address = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> SecurityLogPage:
    before = cursors.decoded(cursor)
    claim = None if email is None else claim_id(Personal(email), container.settings.claim_key_bytes)
    wanted = {"kind": kind, "claim_id": claim}
    rows = await security_log.page(reader, before=before, limit=limit + 1, wanted=wanted)
    shown, next_cursor = cursors.page(rows, limit, lambda row: row.entry_id)
    return SecurityLogPage(
        [
            RefusalShown(
                recorded_at=row.recorded_at,
                kind=Refused(row.kind),
                times=row.times,
                route=row.route,
                network=row.network,
                claim_id=row.claim_id,
                user_id=row.user_id,
                request_id=row.request_id,
            )
            for row in shown
        ],
        next_cursor,
    )


HANDLERS: Final = (show_security_log,)
