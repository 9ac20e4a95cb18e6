"""What was made of one original in one job after the other, and which of it is the favourite."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from application.errors import ConcurrentChange, NotFound
from domain.job_errors import PhotoNotInJob, PhotoNotStaged
from domain.job_photo import Outcome
from domain.photo_job import PhotoJob
from infrastructure.queries import lineages as queries
from infrastructure.queries.lineages import VariationRow
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import JOBS, PHOTOS
from infrastructure.wiring import Container
from interfaces.rest.errors.faults import ReadModelBehind
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.headers import RECORDED
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import BriefShown, JobId, Moment, PhotoId, PhotoLinks, picture_links

TAGS = ["Variations"]


class Variation(Struct, frozen=True):
    """One photo of a lineage."""

    job_id: JobId
    photo_id: PhotoId
    parent_job_id: Annotated[UUID | None, Meta(examples=[None])]
    brief: BriefShown
    status: Annotated[Outcome, Meta(examples=["staged"])]
    favourite: Annotated[bool, Meta(examples=[True])]
    submitted_at: Moment
    links: PhotoLinks


class Variations(Struct, frozen=True):
    root_photo_id: PhotoId
    items: Annotated[
        list[Variation], Meta(description="The oldest first; those of deleted jobs are left out")
    ]


@get(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/variations",
    tags=TAGS,
    summary="All that was made of a photo",
    description="Of the same original, in this job and in all that followed from it or came before.",
    responses=problems(NotFound, ReadModelBehind),
)
async def variations(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    wait_for_position: WaitForPosition = None,
) -> Variations:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    if not (rows := await queries.variations(reader, principal.user_id, job_id, photo_id)):
        raise NotFound(PhotoJob.__name__, photo_id)
    return Variations(rows[0].root_photo_id, [_variation(row) for row in rows])


@put(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/favourite",
    status_code=204,
    tags=TAGS,
    summary="Like this one best",
    description="Of all that was made of the same original; it takes the place of the favourite before.",
    response_headers=[RECORDED],
    responses=problems(NotFound, PhotoNotInJob, PhotoNotStaged, ConcurrentChange),
    sync_to_thread=True,
)
def choose_favourite(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
) -> None:
    container.jobs.choose_favourite(job_id, photo_id, principal.user_id)


@delete(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/favourite",
    tags=TAGS,
    summary="Like this one best no longer",
    description="Changes nothing when another one is the favourite.",
    response_headers=[RECORDED],
    responses=problems(NotFound, PhotoNotInJob, PhotoNotStaged, ConcurrentChange),
    sync_to_thread=True,
)
def drop_favourite(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
) -> None:
    container.jobs.choose_favourite(job_id, photo_id, principal.user_id, chosen=False)


def _variation(row: VariationRow) -> Variation:
    return Variation(
        job_id=row.job_id,
        photo_id=row.photo_id,
        parent_job_id=row.parent_job_id,
        brief=BriefShown(row.preset, row.room_type, row.style, row.prompt),
        status=Outcome(row.status),
        favourite=row.favourite,
        submitted_at=row.submitted_at,
        links=picture_links(row.job_id, row),
    )


HANDLERS = (variations, choose_favourite, drop_favourite)
