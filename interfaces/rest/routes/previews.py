"""Small versions of a photo's pictures, at addresses that never show anything else."""

from enum import IntEnum
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.errors import NotFound, PictureNotFound, PictureRemoved
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind
from infrastructure.delivering.signed_links import LinkExpired, LinkInvalid
from infrastructure.queries import jobs as queries
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import JOBS, PHOTOS
from infrastructure.storage.previews import MEDIA_TYPE, Previews
from interfaces.rest.deadlines import WORKING_ON_PICTURES, allow
from interfaces.rest.errors.faults import Busy, RangeNotSatisfiable, ReadModelBehind
from interfaces.rest.files import Downloads, FileStream
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.headers import ETAG, NOT_MODIFIED, IfNoneMatch, has, not_modified
from interfaces.rest.problems import problems
from interfaces.rest.ranges import IfRange, Range, partial
from interfaces.rest.routes.pictures import FOREVER, TAGS
from interfaces.rest.routes.sending import sent
from interfaces.rest.viewers import SIGNED, Viewer

ASK_AGAIN = "private, no-cache"
"""Without a hash the address shows the result as soon as there is one."""


class PreviewSize(IntEnum):
    """The longest side, in pixels."""

    SMALL = 200
    THUMBNAIL = 400
    MEDIUM = 800
    PREVIEW = 1600
    LARGE = 2400


Size = Annotated[PreviewSize, QueryParameter(description="The longest side, in pixels; never enlarged.")]
Picture = Annotated[
    str | None,
    QueryParameter(
        min_length=64,
        max_length=64,
        description="SHA-256 of the original or the result, as the links have it: the answer never changes. "
        "Without it, the result if there is one, else the original.",
    ),
]


@get(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/preview",
    media_type=MEDIA_TYPE,
    opt=SIGNED,
    tags=TAGS,
    summary="A photo in a smaller size",
    description="A JPEG, upright and in sRGB.",
    response_headers=[ETAG],
    responses=NOT_MODIFIED
    | partial(MEDIA_TYPE)
    | problems(
        NotFound,
        PictureNotFound,
        PictureRemoved,
        RangeNotSatisfiable,
        LinkInvalid,
        LinkExpired,
        ReadModelBehind,
        Busy,
    ),
)
async def preview(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    previews: NamedDependency[Previews],
    downloads: NamedDependency[Downloads],
    viewer: NamedDependency[Viewer],
    size: Size = PreviewSize.PREVIEW,
    picture: Picture = None,
    if_none_match: IfNoneMatch = None,
    wanted: Range = None,
    if_range: IfRange = None,
    wait_for_position: WaitForPosition = None,
) -> FileStream | Response[None]:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    photo = await queries.pictures(reader, viewer.user_id, job_id, photo_id)
    if photo is None or picture not in (None, photo.original, photo.result):
        raise NotFound(PhotoJob.__name__, photo_id)
    result = None if photo.result_removed_at else photo.result
    if not (sha256 := picture or result or photo.original):  # not fetched from its link yet
        raise NotFound(PhotoJob.__name__, photo_id)
    if sha256 == result:
        kind, removed_at = PictureKind.RESULTS, None
    elif sha256 == photo.original:
        kind, removed_at = PictureKind.ORIGINALS, photo.original_removed_at
    else:
        kind, removed_at = PictureKind.RESULTS, photo.result_removed_at
    if removed_at:
        raise PictureRemoved(removed_at)
    headers = {
        "ETag": f'"{sha256}-{size.value}"',
        **viewer.headers(FOREVER if picture else ASK_AGAIN),
    }
    if has(if_none_match, headers["ETag"]):
        return not_modified(headers)
    allow(WORKING_ON_PICTURES)
    shown = previews.of(photo.user_id, job_id, kind, sha256, size.value)
    return await sent(shown, downloads, wanted, if_range, MEDIA_TYPE, headers)


HANDLERS = (preview,)
