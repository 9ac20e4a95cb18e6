"""Credits that administrators give and take away: with a reason, and with their name in the log."""

from typing import Annotated
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Schema
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from application.errors import ConcurrentChange, NotFound
from domain.credit_errors import InsufficientCredits, NotACreditAmount, ReasonNeeded
from domain.credit_ledger import REASON_LENGTH, CreditLedger
from domain.errors import Conflict
from domain.user import Role
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.rest.authentication import for_role
from interfaces.rest.bodies import described
from interfaces.rest.headers import RECORDED, REPLAYED
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.problems import problems

MOST = 100_000
"""Credits in one adjustment."""

Amount = Annotated[int, Meta(ge=-MOST, le=MOST, description="Below zero: taken away", examples=[5])]
NotNone = Annotated[Amount, Meta(extra_json_schema=described(schema_not=Schema(const=0)))]
UserId = Annotated[UUID, Meta(examples=["2f0c1b6e-6a0f-4d0c-9a53-8c2f3a110f6b"])]


class Adjust(Struct, frozen=True, forbid_unknown_fields=True):
    credits: NotNone
    reason: Annotated[
        str,
        Meta(
            max_length=10 * REASON_LENGTH,
            description=f"1 to {REASON_LENGTH} characters. It stays in the log for ever: name no person",
            examples=["Two photos came out blank"],
            extra_json_schema=described(min_length=1, max_length=REASON_LENGTH),
        ),
    ]


class Adjusted(Struct, frozen=True):
    adjustment_id: Annotated[UUID, Meta(examples=["c8e1d2ef-33cc-5a4f-9f2c-2c8a4d748a2a"])]
    user_id: UserId
    credits: Amount
    available: Annotated[int, Meta(description="Afterwards", examples=[8])]
    debt: Annotated[int, Meta(description="Afterwards", examples=[0])]


@post(
    "/admin/users/{user_id:uuid}/credits",
    tags=["Administration"],
    summary="Give a user credits, or take some away",
    description="For administrators. Given credits first repay what the user owes; only available ones can be "
    "taken away, all that are asked for or none.",
    opt=for_role(Role.ADMIN),
    response_headers=[RECORDED, REPLAYED],
    responses=problems(
        NotFound,
        InsufficientCredits,
        NotACreditAmount,
        ReasonNeeded,
        Conflict,
        ConcurrentChange,
        *REPEATABLE,
    ),
)
async def adjust_credits(
    user_id: FromPath[UUID],
    data: JSONBody[Adjust],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[Adjusted]:
    def adjust(adjustment_id: UUID) -> Response[Adjusted]:
        container.credits.adjust(adjustment_id, user_id=user_id, credits=data.credits, reason=data.reason)
        ledger = container.store.get(CreditLedger, CreditLedger.id_for(user_id))
        available = ledger.available(container.database.now())
        return Response(Adjusted(adjustment_id, user_id, data.credits, available, ledger.debt))

    return await once.recorded(principal.user_id, data, adjust)


HANDLERS = (adjust_credits,)
