"""Photos coming in: one file per request, checked before anything is kept."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from application.errors import PhotoNotArrived
from application.photos import (
    PHOTO_BYTES,
    PhotoAnimated,
    PhotoEmpty,
    PhotoHasTooManyPixels,
    PhotoTooLarge,
    PhotoTooLong,
    PhotoUnreadable,
    PhotoUnsupported,
)
from application.ports import Upload
from application.uploads import LINK_LIFETIME
from domain.errors import Conflict
from infrastructure.delivering.signed_links import LinkExpired, LinkInvalid
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.rest.arriving import Arrivals
from interfaces.rest.bodies import UPLOAD_BYTES
from interfaces.rest.deadlines import WORKING_ON_PICTURES, allow
from interfaces.rest.errors.faults import Busy
from interfaces.rest.headers import REPLAYED
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import LONGEST_TEXT
from interfaces.rest.routes.photo_form import FORM, received
from interfaces.rest.viewers import ONLY_SIGNED, Viewer

TAGS: Final = ["Uploads"]
OCTETS: Final = "application/octet-stream"
BYTES: Final = {"type": "string", "format": "binary", "description": "15 MB at the most"}
REJECTIONS: Final = (
    PhotoEmpty,
    PhotoTooLarge,
    PhotoUnsupported,
    PhotoUnreadable,
    PhotoAnimated,
    PhotoTooLong,
    PhotoHasTooManyPixels,
)
Owner = Annotated[UUID, QueryParameter(description="Of the link; signed with it.")]


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
    request_max_body_size=UPLOAD_BYTES,
    response_headers=[REPLAYED],
    responses=problems(*REJECTIONS, Conflict, Busy, *REPEATABLE),
)
async def upload(
    request: Request[Any, Any, State],
    arrivals: NamedDependency[Arrivals],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[Uploaded]:
    user_id = principal.user_id
    async with arrivals.photo(user_id) as file:
        name = await received(request, file)

        def keep(upload_id: UUID) -> Response[Uploaded]:
            kept = container.uploads.add(upload_id, user_id=user_id, name=name, photo=file.content())
            return Response(_uploaded(kept))

        allow(WORKING_ON_PICTURES)
        in_turn = partial(arrivals.hands.run, user_id)
        return await once.for_user(user_id, (name, file.sha256), keep, appends=False, run=in_turn)


class LinkToUpload(Struct, frozen=True):
    upload_id: Annotated[UUID, Meta(examples=["0a6f2b52-6f0e-4f2f-9d0a-2f1f6c1f5d11"])]
    url: Annotated[str, Meta(examples=["https://photos.s3.amazonaws.com/incoming/…?X-Amz-Signature=…"])]
    method: Annotated[str, Meta(examples=["PUT"])]
    headers: Annotated[dict[str, str], Meta(description="To send along", examples=[{"Content-Type": OCTETS}])]
    expires_in: Annotated[int, Meta(description="In seconds", examples=[3600])]


class CompleteUpload(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[
        str, Meta(max_length=LONGEST_TEXT, description="The file's name", examples=["living-room.jpg"])
    ]


@post(
    "/uploads/links",
    tags=TAGS,
    summary="Ask where to put a photo",
    description="The photo then goes straight into the object store, by a PUT of its bytes to `url`, without signing "
    "in and as often as the connection breaks. POST /uploads/{upload_id}/complete takes it in.",
    response_headers=[REPLAYED],
    responses=problems(*REPEATABLE),
)
async def link_to_upload(
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[LinkToUpload]:
    def link(upload_id: UUID) -> Response[LinkToUpload]:
        url = container.uploads.link(upload_id, user_id=principal.user_id)
        seconds = int(LINK_LIFETIME.total_seconds())
        return Response(LinkToUpload(upload_id, url, "PUT", {"Content-Type": OCTETS}, seconds))

    return await once.for_user(principal.user_id, None, link, appends=False)


@put(
    "/uploads/{upload_id:uuid}/content",
    status_code=204,
    tags=TAGS,
    summary="Put a photo",
    description="Where the object store cannot take it itself; the address is that of POST /uploads/links.",
    opt={**ONLY_SIGNED, "body": {"required": True, "content": {OCTETS: {"schema": BYTES}}}},
    request_max_body_size=PHOTO_BYTES,
    responses=problems(LinkInvalid, LinkExpired, PhotoTooLarge, Busy),
)
async def put_photo(
    upload_id: FromPath[UUID],
    request: Request[Any, Any, State],
    container: NamedDependency[Container],
    arrivals: NamedDependency[Arrivals],
    viewer: NamedDependency[Viewer],
    owner: Owner,
) -> None:
    if viewer.user_id:  # a session opens other doors, not this one
        raise LinkInvalid
    async with arrivals.photo(owner) as file:
        async for piece in request.stream():
            await file.add(piece)
        await file.written()

        def put() -> None:
            container.uploads.incoming.put(owner, upload_id, file.content())

        await arrivals.hands.run(owner, put)


@post(
    "/uploads/{upload_id:uuid}/complete",
    tags=TAGS,
    summary="Take in a photo that was put",
    description="Checked like any other. Repeated, it is answered with the same upload.",
    responses=problems(PhotoNotArrived, *REJECTIONS, Conflict, Busy),
)
async def complete_upload(
    upload_id: FromPath[UUID],
    data: JSONBody[CompleteUpload],
    container: NamedDependency[Container],
    arrivals: NamedDependency[Arrivals],
    principal: NamedDependency[Principal],
) -> Uploaded:
    allow(WORKING_ON_PICTURES)
    complete, user_id = container.uploads.complete, principal.user_id
    return _uploaded(await arrivals.hands.run(user_id, complete, upload_id, user_id=user_id, name=data.name))


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


HANDLERS = (upload, link_to_upload, put_photo, complete_upload)
