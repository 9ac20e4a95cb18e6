"""What operators see and do over the API: read models and their rebuilds, reactions and their dead letters."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter, QueryParameter
from msgspec import Meta, Struct

from application.projections.registry import PROJECTIONS
from domain.user import Role
from infrastructure import wiring
from infrastructure.projections import overview as projections
from infrastructure.projections import rebuilds
from infrastructure.reactions import overview as reactions
from infrastructure.reactions.queue import ReactionQueue
from infrastructure.wiring import Container
from interfaces.rest.authentication import needs
from interfaces.rest.errors.faults import ReactionNotDead, RoleMissing, RouteNotFound
from interfaces.rest.problems import problems

TAGS = ["Operations"]
OPERATOR = needs(Role.OPERATOR)


class ReadModelState(Struct, frozen=True):
    name: Annotated[str, Meta(examples=["jobs_v2"])]
    position: Annotated[
        int, Meta(description="Everything in the log up to here is in its rows", examples=[8123])
    ]
    behind_events: Annotated[
        int, Meta(description="Events that it wants and does not have yet", examples=[0])
    ]
    behind_seconds: Annotated[
        float, Meta(description="For how long the oldest of them has been recorded", examples=[0.0])
    ]
    followed: Annotated[bool, Meta(description="Whether a process follows the log for it", examples=[True])]
    parked: Annotated[
        int, Meta(description="Events that it could not digest, and those that wait for them", examples=[0])
    ]
    rebuild: Annotated[str | None, Meta(description="What its rebuild is doing, if any", examples=[None])]
    differences: Annotated[
        int | None,
        Meta(
            description="Rows that differ from the rebuilt ones; ask again with `accept` to swap",
            examples=[None],
        ),
    ]


class ReadModelStates(Struct, frozen=True):
    items: list[ReadModelState]


class ReactionState(Struct, frozen=True):
    reaction_id: UUID
    kind: Annotated[str, Meta(examples=["stage_photo"])]
    state: Annotated[str, Meta(description="due, running, done, dead or dropped", examples=["dead"])]
    references: Annotated[dict[str, str], Meta(examples=[{"job_id": "5f0c6d0e-3b7a-4c39-9d0e-0a5f1b2c3d4e"}])]
    attempts: Annotated[int, Meta(examples=[5])]
    due_at: datetime
    last_error: Annotated[
        str | None,
        Meta(description="Class and place of what failed last", examples=["builtins.TimeoutError"]),
    ]
    correlation: Annotated[str, Meta(description="The request that it follows from")]
    ended_at: datetime | None


class ReactionStates(Struct, frozen=True):
    items: list[ReactionState]


@get(
    "/operations/projections",
    opt=OPERATOR,
    tags=TAGS,
    summary="Read models: lag, parked events, rebuilds",
    responses=problems(RoleMissing),
    sync_to_thread=True,
)
def show_projections(container: NamedDependency[Container]) -> ReadModelStates:
    return ReadModelStates(_read_models(container))


@post(
    "/operations/projections/{name:str}/rebuild",
    opt=OPERATOR,
    tags=TAGS,
    summary="Have a read model rebuilt while it serves",
    description="A following process does it, goes on with it after a crash, and swaps when both say the same.",
    responses=problems(RoleMissing, RouteNotFound),
    status_code=202,
    sync_to_thread=True,
)
def rebuild_projection(
    container: NamedDependency[Container],
    name: Annotated[str, PathParameter(description="Such as jobs, with its version or without")],
    accept: Annotated[bool, QueryParameter(description="Swap even if rows differ")] = False,
) -> ReadModelState:
    for projection in PROJECTIONS:
        if name in (projection.table.name, projection.table.versioned_name):
            read_model = projection.table.versioned_name
            break
    else:
        raise RouteNotFound
    with container.database.connection() as connection:
        rebuilds.want(connection, read_model, accept=accept)
    return next(one for one in _read_models(container) if one.name == read_model)


@get(
    "/operations/reactions",
    opt=OPERATOR,
    tags=TAGS,
    summary="Reactions that are open or were given up",
    responses=problems(RoleMissing),
    sync_to_thread=True,
)
def show_reactions(
    container: NamedDependency[Container],
    reaction_state: Annotated[
        Literal["due", "running", "done", "dead", "dropped"] | None,
        QueryParameter(name="state", description="All but done, if not given"),
    ] = None,
    kind: Annotated[
        str | None, QueryParameter(pattern="^[a-z_]{1,100}$", description="Such as stage_photo")
    ] = None,
    limit: Annotated[int, QueryParameter(gt=0, le=1000)] = 100,
) -> ReactionStates:
    with container.database.connection() as connection:
        found = reactions.listed(connection, state=reaction_state, kind=kind, limit=limit)
    return ReactionStates([_reaction(one) for one in found])


@post(
    "/operations/reactions/{reaction_id:uuid}/retry",
    opt=OPERATOR,
    tags=TAGS,
    summary="Begin a dead reaction again, with all its attempts",
    responses=problems(RoleMissing, RouteNotFound, ReactionNotDead),
    status_code=202,
    sync_to_thread=True,
)
def retry_reaction(container: NamedDependency[Container], reaction_id: FromPath[UUID]) -> ReactionState:
    retried = ReactionQueue(container.database).retry(reaction_id)
    with container.database.connection() as connection:
        found = reactions.shown(connection, reaction_id)
    if found is None:
        raise RouteNotFound
    if not retried:
        raise ReactionNotDead(found.state)
    return _reaction(found)


def _read_models(container: Container) -> list[ReadModelState]:
    with container.database.connection() as connection:
        found = projections.read_models(connection, wiring.followers())
    return [
        ReadModelState(
            name=one.name,
            position=one.position,
            behind_events=one.behind_events,
            behind_seconds=one.behind_seconds,
            followed=one.leader is not None,
            parked=one.parked,
            rebuild=one.rebuild,
            differences=one.differences,
        )
        for one in found
    ]


def _reaction(one: reactions.Shown) -> ReactionState:
    return ReactionState(
        reaction_id=one.reaction_id,
        kind=one.kind,
        state=one.state,
        references=dict(one.references),
        attempts=one.attempts,
        due_at=one.due_at,
        last_error=one.last_error,
        correlation=one.correlation,
        ended_at=one.ended_at,
    )


HANDLERS: tuple[Any, ...] = (show_projections, rebuild_projection, show_reactions, retry_reaction)
