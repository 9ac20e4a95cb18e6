"""What altered pictures owe: labelled variants, links for everybody, and a page that discloses them."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from application.errors import NotFound, PictureNotFound, PictureRemoved
from domain.brief import Preset
from domain.photo_job import PhotoJob
from infrastructure.delivering.disclosure import CSP, Disclosed, page
from infrastructure.delivering.names import Naming
from infrastructure.delivering.signed_links import LinkExpired, LinkInvalid, SignedLinks
from infrastructure.queries import jobs as queries
from infrastructure.queries.jobs import JobRow, PhotoRow
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import JOBS, PHOTOS
from infrastructure.storage.previews import MEDIA_TYPE, WHOLE, Previews
from infrastructure.wiring import Container
from interfaces.rest.addresses import API
from interfaces.rest.deadlines import WORKING_ON_PICTURES, allow
from interfaces.rest.errors.faults import Busy, NotAltered, RangeNotSatisfiable, ReadModelBehind
from interfaces.rest.files import Downloads, FileStream, disposition
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.headers import DISPOSITION, ETAG, NOT_MODIFIED, IfNoneMatch, has, not_modified
from interfaces.rest.problems import problems
from interfaces.rest.ranges import IfRange, Range, partial
from interfaces.rest.routes.job_shapes import Moment, PhotoId
from interfaces.rest.routes.pictures import FOREVER, TAGS
from interfaces.rest.routes.previews import PreviewSize
from interfaces.rest.routes.sending import sent
from interfaces.rest.viewers import SIGNED, Viewer

DAY: Final = 86_400
YEAR: Final = 366 * DAY
LabelledSize = Annotated[
    PreviewSize | None,
    QueryParameter(description="The longest side, in pixels; without it, the result's own."),
]
Url = Annotated[
    str | None, Meta(examples=["https://api.example.com/api/v1/jobs/…/result?expires=…&signature=…"])
]


_PREVIEWS: Final = {"400": "https://api.example.com/api/v1/jobs/…/preview?expires=…&signature=…"}


class LinksWanted(Struct, frozen=True, forbid_unknown_fields=True):
    expires_in: Annotated[
        int, Meta(ge=60, le=YEAR, description="Seconds, of which the last hour is rounded up", examples=[DAY])
    ] = DAY


class SignedPhoto(Struct, frozen=True):
    """Addresses that anybody can open; those of pictures that are not there are null."""

    photo_id: PhotoId
    original: Url
    result: Url
    labelled: Annotated[Url, Meta(description="Null also when the picture is not altered")]
    previews: Annotated[
        dict[str, str],
        Meta(
            description="By their longest side in pixels: of the result once there is one",
            examples=[_PREVIEWS],
        ),
    ]
    labelled_previews: Annotated[dict[str, str], Meta(examples=[_PREVIEWS])]


class SignedJob(Struct, frozen=True):
    expires_at: Moment
    disclosure: Annotated[Url, Meta(description="The page about altered pictures; null when none is")]
    photos: list[SignedPhoto]


@get(
    "/jobs/{job_id:uuid}/photos/{photo_id:uuid}/labelled",
    media_type=MEDIA_TYPE,
    opt=SIGNED,
    tags=TAGS,
    summary="An altered picture that says so",
    description="A JPEG with “Virtually staged” or “Digitally altered” in its lower left corner, in the "
    "result's size or a smaller one.",
    response_headers=[ETAG, DISPOSITION],
    responses=NOT_MODIFIED
    | partial(MEDIA_TYPE)
    | problems(
        NotFound,
        NotAltered,
        PictureNotFound,
        PictureRemoved,
        RangeNotSatisfiable,
        LinkInvalid,
        LinkExpired,
        ReadModelBehind,
        Busy,
    ),
)
async def labelled(
    job_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    previews: NamedDependency[Previews],
    downloads: NamedDependency[Downloads],
    viewer: NamedDependency[Viewer],
    size: LabelledSize = None,
    if_none_match: IfNoneMatch = None,
    wanted: Range = None,
    if_range: IfRange = None,
    wait_for_position: WaitForPosition = None,
) -> FileStream | Response[None]:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    photo = await queries.pictures(reader, viewer.user_id, job_id, photo_id)
    if photo is None or photo.result is None:
        raise NotFound(PhotoJob.__name__, photo_id)
    if (label := Preset(photo.preset).label) is None:
        raise NotAltered(photo.preset)
    if photo.result_removed_at:
        raise PictureRemoved(photo.result_removed_at)
    pixels = size.value if size else WHOLE
    headers = {"ETag": f'"{photo.result}-{label.name.lower()}-{pixels}"', **viewer.headers(FOREVER)}
    if has(if_none_match, headers["ETag"]):
        return not_modified(headers)
    allow(WORKING_ON_PICTURES)
    shown = previews.labelled(photo.user_id, job_id, photo.result, label, pixels)
    name = Naming(photo.preset, photo.room_type).labelled(photo.number, photo.name)
    headers["Content-Disposition"] = disposition(name, attachment=False)
    return await sent(shown, downloads, wanted, if_range, MEDIA_TYPE, headers)


@post(
    "/jobs/{job_id:uuid}/links",
    status_code=200,
    tags=TAGS,
    summary="Links to a job's pictures for everybody",
    description="Each opens one picture, without signing in, until it expires; caches may keep it as long. Asked "
    "for within the same hour, they are the same links. They end early when their pictures are removed.",
    responses=problems(NotFound, ReadModelBehind),
)
async def sign_links(
    job_id: FromPath[UUID],
    data: JSONBody[LinksWanted],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    wait_for_position: WaitForPosition = None,
) -> SignedJob:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    job, photos = await _found(reader, principal.user_id, job_id)
    until = container.signed_links.until(timedelta(seconds=data.expires_in))
    signer = _Signer(container.signed_links, job, until)
    return SignedJob(
        expires_at=until,
        disclosure=signer.disclosure if signer.altered and any(map(_has_result, photos)) else None,
        photos=[signer.photo(photo) for photo in photos],
    )


@get(
    "/jobs/{job_id:uuid}/disclosure",
    media_type=MediaType.HTML,
    opt=SIGNED,
    tags=TAGS,
    summary="The page that discloses altered pictures",
    description="Each altered picture beside its unaltered original, with a QR code that leads to that.",
    responses=problems(NotFound, NotAltered, LinkInvalid, LinkExpired, ReadModelBehind),
)
async def disclosure(
    job_id: FromPath[UUID],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    viewer: NamedDependency[Viewer],
    wait_for_position: WaitForPosition = None,
) -> Response[str]:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    job, photos = await _found(reader, viewer.user_id, job_id)
    if (label := Preset(job.preset).label) is None:
        raise NotAltered(job.preset)
    staged = [photo for photo in photos if _has_result(photo)]
    if not staged:
        raise NotFound(PhotoJob.__name__, job_id)
    term = timedelta(days=container.settings.originals_days)
    until = max(photo.resolved_at for photo in staged if photo.resolved_at) + term
    signer = _Signer(container.signed_links, job, until)
    shown = page(Preset(job.preset), label, [signer.disclosed(photo) for photo in staged], until=until)
    return Response(shown, headers={"Content-Security-Policy": CSP, "Cache-Control": "private, no-cache"})


async def _found(reader: Reader, user_id: UUID | None, job_id: UUID) -> tuple[JobRow, list[PhotoRow]]:
    if (job := await queries.job(reader, user_id, job_id)) is None:
        raise NotFound(PhotoJob.__name__, job_id)
    photos = await queries.photos(reader, user_id, job_id)
    if len(photos) < job.photos:
        raise ReadModelBehind
    return job, photos


def _has_result(photo: PhotoRow) -> bool:
    return photo.result is not None and photo.result_removed_at is None


class _Signer:
    """Signed addresses of one job's pictures, all good until one moment."""

    def __init__(self, links: SignedLinks, job: JobRow, until: datetime) -> None:
        self._links = links
        self._path = f"{API}/jobs/{job.job_id}"
        self._naming = Naming(job.preset, job.room_type)
        self._until = until
        self.altered = Preset(job.preset).alters

    @property
    def disclosure(self) -> str:
        return self._links.sign(f"{self._path}/disclosure", self._until)

    def photo(self, row: PhotoRow) -> SignedPhoto:
        result = row.result if _has_result(row) else None
        original = row.original if row.original and not row.original_removed_at else None
        labelled = bool(result) and self.altered
        return SignedPhoto(
            photo_id=row.photo_id,
            original=self._to(row, "original") if original else None,
            result=self._to(row, "result") if result else None,
            labelled=self._to(row, "labelled") if labelled else None,
            previews={
                str(size.value): self._to(row, "preview", size=size.value, picture=picture)
                for size in PreviewSize
                if (picture := result or original)
            },
            labelled_previews={
                str(size.value): self._to(row, "labelled", size=size.value)
                for size in PreviewSize
                if labelled
            },
        )

    def disclosed(self, row: PhotoRow) -> Disclosed:
        there, size = row.original and not row.original_removed_at, PreviewSize.MEDIUM.value
        return Disclosed(
            title=self._naming.result(row.number, row.name, row.result_media_type or ""),
            altered=self._to(row, "labelled", size=size),
            original=self._to(row, "preview", size=size, picture=row.original) if there else None,
            original_url=self._to(row, "original"),
            altered_at=row.resolved_at or self._until,
        )

    def _to(self, row: PhotoRow, what: str, **query: str | int) -> str:
        return self._links.sign(f"{self._path}/photos/{row.photo_id}/{what}", self._until, **query)


HANDLERS = (labelled, sign_links, disclosure)
