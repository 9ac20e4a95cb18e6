"""Whether users may act: administrators suspend and reinstate them, with a reason that stays in the log."""

from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from application.errors import ConcurrentChange, NotFound
from domain.credit_errors import ReasonNeeded
from domain.credit_ledger import REASON_LENGTH
from domain.user import Role
from infrastructure.wiring import Container
from interfaces.rest.authentication import for_role
from interfaces.rest.bodies import described
from interfaces.rest.headers import RECORDED
from interfaces.rest.problems import problems

TAGS = ["Administration"]


class Suspend(Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[
        str,
        Meta(
            max_length=10 * REASON_LENGTH,
            description=f"1 to {REASON_LENGTH} characters. It stays in the log for ever: name no person",
            examples=["Photos that are not of homes, again"],
            extra_json_schema=described(min_length=1, max_length=REASON_LENGTH),
        ),
    ]


class StandingOf(Struct, frozen=True):
    user_id: Annotated[UUID, Meta(examples=["2f0c1b6e-6a0f-4d0c-9a53-8c2f3a110f6b"])]
    suspended: bool


@post(
    "/admin/users/{user_id:uuid}/suspend",
    status_code=200,
    tags=TAGS,
    summary="Let a user act no more",
    description="For administrators. All sessions and API keys end, and unfinished jobs are cancelled; their credits "
    "come back.",
    opt=for_role(Role.ADMIN),
    response_headers=[RECORDED],
    responses=problems(NotFound, ReasonNeeded, ConcurrentChange),
    sync_to_thread=True,
)
def suspend_user(
    user_id: FromPath[UUID], data: JSONBody[Suspend], container: NamedDependency[Container]
) -> StandingOf:
    return StandingOf(user_id, container.standing.suspend(user_id, data.reason).suspended)


@post(
    "/admin/users/{user_id:uuid}/reinstate",
    status_code=200,
    tags=TAGS,
    summary="Let a suspended user act again",
    description="For administrators.",
    opt=for_role(Role.ADMIN),
    response_headers=[RECORDED],
    responses=problems(NotFound, ConcurrentChange),
    sync_to_thread=True,
)
def reinstate_user(user_id: FromPath[UUID], container: NamedDependency[Container]) -> StandingOf:
    return StandingOf(user_id, container.standing.reinstate(user_id).suspended)


HANDLERS = (suspend_user, reinstate_user)
