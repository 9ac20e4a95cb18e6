"""Stripe's messages over HTTP: each is durable before Stripe hears that it arrived."""

from typing import Annotated, Any, Final

from litestar import Request, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import HeaderParameter
from msgspec import Meta, Struct

from application.context import current
from application.errors import ConcurrentChange
from application.payments import (
    NoticeOfOtherMode,
    NoticeOutOfTime,
    NoticeUnreadable,
    SignatureInvalid,
)
from infrastructure.wiring import Container
from interfaces.rest.authentication import OPEN
from interfaces.rest.problems import problems

WEBHOOK_BYTES = 512 * 1024
"""The largest message taken, in bytes; Stripe's own are a fraction of it."""
BODY: Final = {
    "body": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "description": "A Stripe event"},
                "example": {"id": "evt_1", "object": "event", "type": "checkout.session.completed"},
            }
        },
    }
}


class Acknowledged(Struct, frozen=True):
    received: Annotated[bool, Meta(description="It is kept", examples=[True])]


@post(
    "/webhooks/stripe",
    status_code=200,
    opt={**OPEN, **BODY, "signed": True},
    request_max_body_size=WEBHOOK_BYTES,
    tags=["Webhooks"],
    summary="A message from Stripe",
    description="Signed over the raw bytes. It is kept before it is acknowledged, and acted on afterwards.",
    responses=problems(
        SignatureInvalid, NoticeOutOfTime, NoticeUnreadable, NoticeOfOtherMode, ConcurrentChange
    ),
)
async def receive_notice(
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    signature: Annotated[
        str | None, HeaderParameter(name="Stripe-Signature", description="Time and signatures")
    ] = None,
) -> Acknowledged:
    body = await request.body()
    current().actor = "stripe"
    await sync_to_thread(container.notices.receive, body, signature or "")
    return Acknowledged(received=True)


HANDLERS = (receive_notice,)
