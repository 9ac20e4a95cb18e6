"""Photos coming in: one file per request, checked before anything is kept."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency, Provide
from msgspec import Meta, Struct

from application.photos import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoHasTooManyPixels,
    PhotoTooLarge,
    PhotoUnreadable,
    PhotoUnsupported,
)
from application.ports import Upload
from domain.errors import Conflict
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.rest.bodies import UPLOAD_BYTES
from interfaces.rest.headers import REPLAYED
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.photo_form import FORM, SentPhoto, sent_photo
from interfaces.rest.problems import problems


class Uploaded(Struct, frozen=True):
    upload_id: Annotated[UUID, Meta(examples=["0a6f2b52-6f0e-4f2f-9d0a-2f1f6c1f5d11"])]
    sha256: Annotated[
        str,
        Meta(
            description="Of the original as it is kept: without GPS and other personal metadata",
            examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        ),
    ]
    media_type: Annotated[str, Meta(description="What the bytes are", examples=["image/jpeg"])]
    width: Annotated[int, Meta(description="In pixels, shown upright", examples=[4032])]
    height: Annotated[int, Meta(description="In pixels, shown upright", examples=[3024])]
    size: Annotated[int, Meta(description="In bytes, as it is kept", examples=[3_481_226])]
    name: Annotated[str, Meta(examples=["living-room.jpg"])]
    expires_at: Annotated[
        datetime, Meta(description="Until then a job may take it", examples=["2026-05-06T09:30:00Z"])
    ]


@post(
    "/uploads",
    tags=["Uploads"],
    summary="Send a photo",
    description="The bytes are decoded to decide whether it is one; its name and Content-Type are not asked.",
    opt=FORM,
    dependencies={"sent": Provide(sent_photo)},
    request_max_body_size=UPLOAD_BYTES,
    response_headers=[REPLAYED],
    responses=problems(
        PhotoEmpty,
        PhotoTooLarge,
        PhotoUnsupported,
        PhotoUnreadable,
        PhotoAnimated,
        PhotoHasTooManyPixels,
        Conflict,
        *REPEATABLE,
    ),
)
async def upload(
    sent: NamedDependency[SentPhoto],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[Uploaded]:
    def keep(upload_id: UUID) -> Response[Uploaded]:
        kept = container.uploads.add(upload_id, user_id=principal.user_id, name=sent.name, photo=sent.content)
        return Response(_uploaded(kept))

    asked = (sent.name, sha256(sent.content).hexdigest())
    return await once.for_user(principal.user_id, asked, keep, appends=False)


def _uploaded(kept: Upload) -> Uploaded:
    return Uploaded(
        upload_id=kept.upload_id,
        sha256=kept.sha256,
        media_type=kept.facts.media_type,
        width=kept.facts.width,
        height=kept.facts.height,
        size=kept.size,
        name=kept.name.text,
        expires_at=kept.expires_at,
    )


HANDLERS = (upload,)
