"""Webhooks of users' own systems: where to send them, what was sent, and sending it again."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from application.errors import NotFound
from application.ports import LinkRefused
from application.webhook_ports import DeliveryState, Endpoint
from application.webhooks import Announced, TooManyEndpoints
from domain.personal import Personal
from infrastructure.queries import webhooks as queries
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.rest.bodies import described
from interfaces.rest.cursors import Limit
from interfaces.rest.headers import REPLAYED
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import JobId, Moment

TAGS: Final = ["Webhooks"]
PAGE: Final = 50

EndpointId = Annotated[UUID, Meta(examples=["6c1f5d11-6f0e-4f2f-9d0a-0a6f2b522f1f"])]
Url = Annotated[str, Meta(min_length=1, max_length=2048, examples=["https://hooks.example.com/stage"])]
Events = Annotated[list[Announced], Meta(min_length=1, examples=[["job.completed", "job.failed"]])]


class EndpointWanted(Struct, frozen=True, forbid_unknown_fields=True):
    url: Annotated[
        Url,
        Meta(
            description="https, port 443, a public server",
            extra_json_schema=described(pattern="^https://"),
        ),
    ]
    events: Events


class EndpointCreated(Struct, frozen=True):
    endpoint_id: EndpointId
    events: Events
    secret: Annotated[
        str,
        Meta(
            description="Checks the signatures (Standard Webhooks); shown this once",
            examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        ),
    ]


class EndpointShown(Struct, frozen=True):
    endpoint_id: EndpointId
    url: Url
    events: Events
    created_at: Moment
    disabled_at: Annotated[Moment | None, Meta(description="When it answered 410 Gone")]


class Endpoints(Struct, frozen=True):
    items: list[EndpointShown]


class AttemptShown(Struct, frozen=True):
    attempted_at: Moment
    status: Annotated[int | None, Meta(description="Of HTTP; null without an answer", examples=[200])]
    error: Annotated[str | None, Meta(description="refused or unreachable", examples=[None])]


class DeliveryShown(Struct, frozen=True):
    delivery_id: Annotated[UUID, Meta(description="The message's `webhook-id`")]
    event: Annotated[Announced, Meta(examples=["job.completed"])]
    job_id: JobId
    recorded_at: Moment
    state: Annotated[DeliveryState, Meta(examples=["delivered"])]
    attempts: list[AttemptShown]


class Deliveries(Struct, frozen=True):
    items: Annotated[list[DeliveryShown], Meta(description="The newest first")]


@post(
    "/me/webhooks",
    tags=TAGS,
    summary="Be told what becomes of my jobs",
    description="By a POST for each end of a job, signed as Standard Webhooks has it. What is not answered with 2xx "
    "within 15 seconds is sent again, for three days and under the same `webhook-id`; 410 ends it. Redirects are not "
    "followed.",
    response_headers=[REPLAYED],
    responses=problems(LinkRefused, TooManyEndpoints, *REPEATABLE),
)
async def create_webhook(
    data: JSONBody[EndpointWanted],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[EndpointCreated]:
    def register(endpoint_id: UUID) -> Response[EndpointCreated]:
        endpoint = container.webhooks.register(
            endpoint_id, user_id=principal.user_id, url=Personal(data.url), events=data.events
        )
        return Response(_created(endpoint))

    return await once.for_user(principal.user_id, data, register, appends=False)


@get("/me/webhooks", tags=TAGS, summary="My webhooks")
async def list_webhooks(reader: NamedDependency[Reader], principal: NamedDependency[Principal]) -> Endpoints:
    rows = await queries.endpoints(reader, principal.user_id)
    return Endpoints(
        [
            EndpointShown(
                row.endpoint_id, row.url, list(map(Announced, row.events)), row.created_at, row.disabled_at
            )
            for row in rows
        ]
    )


@delete(
    "/me/webhooks/{endpoint_id:uuid}",
    tags=TAGS,
    summary="Be told no longer",
    description="Its log goes, too.",
    responses=problems(NotFound),
    sync_to_thread=True,
)
def delete_webhook(
    endpoint_id: FromPath[UUID],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
) -> None:
    container.webhooks.remove(endpoint_id, principal.user_id)


@get(
    "/me/webhooks/{endpoint_id:uuid}/deliveries",
    tags=TAGS,
    summary="What was sent there",
    description="With every attempt.",
)
async def list_deliveries(
    endpoint_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    limit: Limit = PAGE,
) -> Deliveries:
    rows = await queries.deliveries(reader, principal.user_id, endpoint_id, limit=limit)
    attempts = await queries.attempts(reader, [row.delivery_id for row in rows])
    return Deliveries(
        [
            DeliveryShown(
                row.delivery_id,
                Announced(row.event),
                row.job_id,
                row.recorded_at,
                DeliveryState(row.state),
                [
                    AttemptShown(attempt.attempted_at, attempt.status, attempt.error)
                    for attempt in attempts
                    if attempt.delivery_id == row.delivery_id
                ],
            )
            for row in rows
        ]
    )


@post(
    "/me/webhooks/{endpoint_id:uuid}/deliveries/{delivery_id:uuid}/redeliver",
    status_code=202,
    tags=TAGS,
    summary="Send a message again",
    description="Under the same `webhook-id`, however it went before.",
    responses=problems(NotFound),
    sync_to_thread=True,
)
def redeliver(
    endpoint_id: FromPath[UUID],
    delivery_id: FromPath[UUID],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
) -> None:
    container.webhooks.redeliver(delivery_id, endpoint_id, principal.user_id)


def _created(endpoint: Endpoint) -> EndpointCreated:
    return EndpointCreated(
        endpoint.endpoint_id, sorted(map(Announced, endpoint.events)), endpoint.secret.text
    )


HANDLERS = (create_webhook, list_webhooks, delete_webhook, list_deliveries, redeliver)
