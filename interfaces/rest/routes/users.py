"""All users, as administrators go through them: references and counts, and nobody's name or address."""

from typing import Annotated, Final, Literal
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from application.projections.users import UserStatus
from domain.email_claim import ADDRESS_LENGTH, AddressMalformed, claim_id
from domain.personal import Personal
from domain.user import Role
from infrastructure.queries import users
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import CREDIT_LOTS, JOBS, USERS
from infrastructure.queries.users import AccountRow
from infrastructure.wiring import Container
from interfaces.rest import cursors
from interfaces.rest.authentication import for_role
from interfaces.rest.cursors import Cursor, Limit
from interfaces.rest.errors.faults import CursorInvalid, ReadModelBehind
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.problems import problems
from interfaces.rest.routes.audit_shapes import NextCursor
from interfaces.rest.routes.job_shapes import Moment
from interfaces.rest.routes.standing import TAGS

PAGE: Final = 50

Status = Annotated[
    Literal["active", "suspended", "erased"] | None, QueryParameter(description="Only those who are.")
]
Appointed = Annotated[
    Literal["auditor", "operator", "admin"] | None, QueryParameter(description="Only those with this role.")
]
Address = Annotated[
    str | None,
    QueryParameter(
        max_length=ADDRESS_LENGTH,
        description="Only whoever has registered with this mailbox. It is looked for by its HMAC: no address can be "
        "read in the database.",
    ),
]


class Credits(Struct, frozen=True):
    available: Annotated[int, Meta(examples=[17])]
    held: Annotated[int, Meta(description="Set aside for jobs that have not ended", examples=[3])]
    debt: Annotated[int, Meta(examples=[0])]


class JobCounts(Struct, frozen=True):
    all: Annotated[int, Meta(description="Deleted ones, too", examples=[12])]
    unfinished: Annotated[int, Meta(examples=[1])]


class Account(Struct, frozen=True):
    user_id: Annotated[UUID, Meta(examples=["2f0c1b6e-6a0f-4d0c-9a53-8c2f3a110f6b"])]
    status: Annotated[UserStatus, Meta(examples=["active"])]
    roles: Annotated[list[str], Meta(examples=[["auditor", "user"]])]
    email_verified: bool
    registered_at: Moment
    credits: Credits
    jobs: JobCounts


class AccountPage(Struct, frozen=True):
    items: list[Account]
    next_cursor: NextCursor


@get(
    "/admin/users",
    tags=TAGS,
    summary="All users, newest first",
    description="For administrators. By reference: who somebody is, is theirs to tell.",
    opt=for_role(Role.ADMIN),
    responses=problems(AddressMalformed, CursorInvalid, ReadModelBehind),
)
async def list_users(
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    status: Status = None,
    role: Appointed = None,
    email: Address = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
    wait_for_position: WaitForPosition = None,
) -> AccountPage:
    before = cursors.decoded(cursor)
    claim = None if email is None else claim_id(Personal(email), container.settings.claim_key_bytes)
    await wait_for(reader, wait_for_position, USERS, CREDIT_LOTS, JOBS)
    wanted = {"status": status, "role": role, "claim_id": claim}
    rows = await users.page(reader, before=before, limit=limit + 1, wanted=wanted)
    shown, next_cursor = cursors.page(rows, limit, lambda row: row.position)
    return AccountPage([_account(row) for row in shown], next_cursor)


def _account(row: AccountRow) -> Account:
    return Account(
        user_id=row.user_id,
        status=UserStatus(row.status),
        roles=row.roles,
        email_verified=row.email_verified,
        registered_at=row.registered_at,
        credits=Credits(row.available, row.held, row.debt),
        jobs=JobCounts(row.jobs, row.unfinished),
    )


HANDLERS = (list_users,)
