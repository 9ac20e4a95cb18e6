"""How a result came to be, for whoever wants to check or repeat it."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from application.errors import NotFound
from domain.photo_job import PhotoJob
from infrastructure.queries.provenances import ProvenanceRow, provenances
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import JOBS, PHOTOS
from interfaces.rest.errors.faults import ReadModelBehind
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import Moment, PhotoId

TAGS = ["Pictures"]
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class PhotoProvenance(Struct, frozen=True):
    """As it was recorded with the result, and cannot be changed since. What only providers have is null without one."""

    photo_id: PhotoId
    staged_at: Moment
    input_sha256: Annotated[str, Meta(description="Of the original", examples=[_SHA256])]
    output_sha256: Annotated[str, Meta(description="Of the result", examples=[_SHA256])]
    provider_sha256: Annotated[
        str | None,
        Meta(
            description="Of the provider's picture as it came, before it was brought to the original's frame",
            examples=[_SHA256],
        ),
    ]
    engine: Annotated[str, Meta(examples=["gemini"])]
    engine_version: Annotated[
        str, Meta(description="Of a model, as it names itself", examples=["gemini-nano-banana-2.1-001"])
    ]
    model: Annotated[str | None, Meta(description="That was asked", examples=["gemini-nano-banana-2.1"])]
    prompt_version: Annotated[
        str | None, Meta(description="Of the template, with its digest", examples=["stage@1-b569e11e"])
    ]
    prompt: Annotated[
        str | None,
        Meta(description="As it was sent", examples=["You are an interior designer who stages homes…"]),
    ]
    response_id: Annotated[str | None, Meta(description="The provider's", examples=["response-7"])]
    input_tokens: Annotated[int, Meta(examples=[1300])]
    output_tokens: Annotated[int, Meta(examples=[1120])]
    attempts: Annotated[
        int, Meta(description="Calls to providers for this photo, those in vain included", examples=[1])
    ]
    cost_micros: Annotated[
        int,
        Meta(
            description="What providers charge us for all of them, in millionths of a US dollar; the photo "
            "costs one credit all the same",
            examples=[34_000],
        ),
    ]
    milliseconds: Annotated[int, Meta(description="Of the attempt that delivered", examples=[8200])]


@get(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/provenance",
    tags=TAGS,
    summary="How a result came to be",
    description="From which original, by which model and words, in how many attempts: enough to check it, or to "
    "show a marketplace what was done. 404 until the photo is staged. The ZIP's manifest.json has the same.",
    responses=problems(NotFound, ReadModelBehind),
)
async def provenance(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    wait_for_position: WaitForPosition = None,
) -> PhotoProvenance:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    if not (found := await provenances(reader, principal.user_id, job_id, photo_id)):
        raise NotFound(PhotoJob.__name__, photo_id)
    return _told(found[0])


def _told(row: ProvenanceRow) -> PhotoProvenance:
    return PhotoProvenance(**{field: getattr(row, field) for field in PhotoProvenance.__struct_fields__})


HANDLERS = (provenance,)
