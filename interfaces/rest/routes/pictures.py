"""A photo's pictures: the original as it came in, and the result."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.errors import NotFound, PictureNotFound, PictureRemoved
from application.pictures import ORIGINALS, results_of
from domain.photo_job import PhotoJob
from infrastructure.delivering.names import Naming
from infrastructure.delivering.signed_links import LinkExpired, LinkInvalid
from infrastructure.queries import jobs as queries
from infrastructure.queries.jobs import PhotoPictures
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import JOBS, PHOTOS
from infrastructure.storage.pictures import KeptPicture
from infrastructure.wiring import Container
from interfaces.rest.errors.faults import Busy, RangeNotSatisfiable, ReadModelBehind
from interfaces.rest.files import Downloads, FileStream, disposition
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.headers import DISPOSITION, ETAG, NOT_MODIFIED, IfNoneMatch, has, not_modified
from interfaces.rest.problems import problems
from interfaces.rest.ranges import IfRange, Range, partial
from interfaces.rest.routes.sending import sent
from interfaces.rest.viewers import SIGNED, Viewer

FOREVER = "private, max-age=31536000, immutable"
"""A picture's name is the hash of its bytes: behind one address there is never another."""
TAGS = ["Pictures"]

_RESPONSES: Final = (
    NOT_MODIFIED
    | partial("image/*")
    | problems(
        NotFound,
        PictureNotFound,
        PictureRemoved,
        RangeNotSatisfiable,
        LinkInvalid,
        LinkExpired,
        ReadModelBehind,
        Busy,
    )
)


@get(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/original",
    media_type="image/*",
    opt=SIGNED,
    tags=TAGS,
    summary="A photo as it was sent",
    description="Byte for byte, but for GPS and other personal metadata.",
    response_headers=[ETAG, DISPOSITION],
    responses=_RESPONSES,
)
async def original(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    container: NamedDependency[Container],
    downloads: NamedDependency[Downloads],
    reader: NamedDependency[Reader],
    viewer: NamedDependency[Viewer],
    if_none_match: IfNoneMatch = None,
    wanted: Range = None,
    if_range: IfRange = None,
    wait_for_position: WaitForPosition = None,
) -> FileStream | Response[None]:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    photo = await _photo(reader, viewer.user_id, job_id, photo_id)
    if not photo.original:  # not fetched from its link yet
        raise NotFound(PhotoJob.__name__, photo_id)
    if photo.original_removed_at:
        raise PictureRemoved(photo.original_removed_at)
    name = _naming(photo).original(photo.number, photo.name, photo.original_media_type)
    picture = _Picture((photo.user_id, ORIGINALS, photo.original), photo.original_media_type, name, viewer)
    return await picture.sent(container, downloads, if_none_match, wanted, if_range)


@get(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/result",
    media_type="image/*",
    opt=SIGNED,
    tags=TAGS,
    summary="A photo as it was staged",
    response_headers=[ETAG, DISPOSITION],
    responses=_RESPONSES,
)
async def result(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    container: NamedDependency[Container],
    downloads: NamedDependency[Downloads],
    reader: NamedDependency[Reader],
    viewer: NamedDependency[Viewer],
    if_none_match: IfNoneMatch = None,
    wanted: Range = None,
    if_range: IfRange = None,
    wait_for_position: WaitForPosition = None,
) -> FileStream | Response[None]:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    photo = await _photo(reader, viewer.user_id, job_id, photo_id)
    if photo.result is None or photo.result_media_type is None:
        raise NotFound(PhotoJob.__name__, photo_id)
    if photo.result_removed_at:
        raise PictureRemoved(photo.result_removed_at)
    name = _naming(photo).result(photo.number, photo.name, photo.result_media_type)
    place = (photo.user_id, results_of(job_id), photo.result)
    picture = _Picture(place, photo.result_media_type, name, viewer)
    return await picture.sent(container, downloads, if_none_match, wanted, if_range)


def _naming(photo: PhotoPictures) -> Naming:
    return Naming(photo.preset, photo.room_type)


async def _photo(reader: Reader, user_id: UUID | None, job_id: UUID, photo_id: UUID) -> PhotoPictures:
    if (found := await queries.pictures(reader, user_id, job_id, photo_id)) is None:
        raise NotFound(PhotoJob.__name__, photo_id)
    return found


@dataclass(frozen=True)
class _Picture:
    place: tuple[UUID, str, str]
    """In the store: owner, kind, SHA-256."""
    media_type: str
    name: str
    viewer: Viewer

    async def sent(
        self,
        container: Container,
        downloads: Downloads,
        if_none_match: str | None,
        wanted: str | None,
        if_range: str | None,
    ) -> FileStream | Response[None]:
        """The picture, the part of it that is wanted, or nothing if the client has it already.

        Raises PictureNotFound, RangeNotSatisfiable or Busy.
        """
        headers = {"ETag": f'"{self.place[2]}"', **self.viewer.headers(FOREVER)}
        if has(if_none_match, headers["ETag"]):
            return not_modified(headers)
        headers["Content-Disposition"] = disposition(self.name, attachment=False)
        kept = KeptPicture(container.pictures, *self.place)
        return await sent(kept, downloads, wanted, if_range, self.media_type, headers)


HANDLERS = (original, result)
