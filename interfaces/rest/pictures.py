"""A photo's pictures: the original as it came in, and the result."""

from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.errors import NotFound, PictureNotFound
from application.pictures import ORIGINALS, results_of
from domain.photo_job import PhotoJob
from infrastructure.delivery import extension, file_name, stem
from infrastructure.queries import jobs as queries
from infrastructure.queries.jobs import PhotoPictures
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import JOBS, PHOTOS
from infrastructure.wiring import Container
from interfaces.rest.faults import ReadModelBehind
from interfaces.rest.files import FileStream, begun, disposition
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.headers import DISPOSITION, ETAG, NOT_MODIFIED, IfNoneMatch, has, not_modified
from interfaces.rest.problems import problems

FOREVER = "private, max-age=31536000, immutable"
"""A picture's name is the hash of its bytes: behind one address there is never another."""
TAGS = ["Pictures"]


@get(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/original",
    media_type="image/*",
    tags=TAGS,
    summary="A photo as it was sent",
    description="Byte for byte, but for GPS and other personal metadata.",
    response_headers=[ETAG, DISPOSITION],
    responses=NOT_MODIFIED | problems(NotFound, PictureNotFound, ReadModelBehind),
)
async def original(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    if_none_match: IfNoneMatch = None,
    wait_for_position: WaitForPosition = None,
) -> FileStream | Response[None]:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    photo = await _photo(reader, principal.user_id, job_id, photo_id)
    name = f"{photo.number:02d}-{stem(photo.name)}.{extension(photo.original_media_type)}"
    return await _picture(
        container,
        (principal.user_id, ORIGINALS, photo.original),
        photo.original_media_type,
        name,
        if_none_match,
    )


@get(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/result",
    media_type="image/*",
    tags=TAGS,
    summary="A photo as it was staged",
    response_headers=[ETAG, DISPOSITION],
    responses=NOT_MODIFIED | problems(NotFound, PictureNotFound, ReadModelBehind),
)
async def result(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    if_none_match: IfNoneMatch = None,
    wait_for_position: WaitForPosition = None,
) -> FileStream | Response[None]:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    photo = await _photo(reader, principal.user_id, job_id, photo_id)
    if photo.result is None or photo.result_media_type is None:
        raise NotFound(PhotoJob.__name__, photo_id)
    name = file_name(photo.number, photo.name, photo.preset, photo.result_media_type)
    return await _picture(
        container,
        (principal.user_id, results_of(job_id), photo.result),
        photo.result_media_type,
        name,
        if_none_match,
    )


async def _photo(reader: Reader, user_id: UUID, job_id: UUID, photo_id: UUID) -> PhotoPictures:
    if (found := await queries.pictures(reader, user_id, job_id, photo_id)) is None:
        raise NotFound(PhotoJob.__name__, photo_id)
    return found


async def _picture(
    container: Container,
    place: tuple[UUID, str, str],
    media_type: str,
    name: str,
    if_none_match: str | None,
) -> FileStream | Response[None]:
    """The picture at a place of the store (owner, kind, SHA-256), unless the client has it already."""
    headers = {"ETag": f'"{place[2]}"', "Cache-Control": FOREVER}
    if has(if_none_match, headers["ETag"]):
        return not_modified(headers)
    return FileStream(
        await begun(container.pictures.stream(*place)),
        media_type=media_type,
        headers={**headers, "Content-Disposition": disposition(name, attachment=False)},
    )


HANDLERS = (original, result)
