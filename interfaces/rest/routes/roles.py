"""Who may do more than use the product: roles, given and taken away by administrators."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from application.errors import ConcurrentChange, NotFound
from domain.user import Role
from infrastructure.wiring import Container
from interfaces.rest.authentication import for_role
from interfaces.rest.headers import RECORDED
from interfaces.rest.problems import problems


class ChangeRole(Struct, frozen=True, forbid_unknown_fields=True):
    role: Annotated[Literal["auditor", "operator", "admin"], Meta(examples=["auditor"])]
    granted: Annotated[bool, Meta(description="false takes it away", examples=[True])]


class RolesOf(Struct, frozen=True):
    user_id: Annotated[UUID, Meta(examples=["2f0c1b6e-6a0f-4d0c-9a53-8c2f3a110f6b"])]
    roles: Annotated[list[str], Meta(examples=[["auditor", "user"]])]


@post(
    "/admin/users/{user_id:uuid}/roles",
    status_code=200,
    tags=["Administration"],
    summary="Give a user a role, or take it away",
    description="For administrators. `stage users grant` makes the first of them.",
    opt=for_role(Role.ADMIN),
    response_headers=[RECORDED],
    responses=problems(NotFound, ConcurrentChange),
    sync_to_thread=True,
)
def change_role(
    user_id: FromPath[UUID], data: JSONBody[ChangeRole], container: NamedDependency[Container]
) -> RolesOf:
    user = container.accounts.appoint(user_id, Role(data.role), dismissed=not data.granted)
    return RolesOf(user_id, sorted(user.roles))


HANDLERS = (change_role,)
