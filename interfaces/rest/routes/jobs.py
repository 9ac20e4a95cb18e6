"""Jobs over HTTP: submitting photos with a brief, following them, and fetching them all as one ZIP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from litestar.serialization import encode_json

from application.errors import (
    ConcurrentChange,
    NotFound,
    PictureNotFound,
    PictureRemoved,
    PresetUnavailable,
    UploadAlreadyUsed,
    UploadExpired,
    UploadNotFound,
)
from domain.brief import Brief, Label, Preset, PromptNeeded, PromptTooLong
from domain.credit_errors import InsufficientCredits
from domain.errors import Conflict
from domain.job_errors import GroupNameTooLong, LinkGivenTwice, PhotoGivenTwice, WrongNumberOfPhotos
from domain.lineage import TooManyVariations
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import OriginalsRemoved
from infrastructure.delivering.archive import Delivery
from infrastructure.queries import jobs as queries
from infrastructure.queries.jobs import JobRow, PageVersions
from infrastructure.queries.pages import Pages
from infrastructure.queries.provenances import provenances
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import JOBS, PHOTOS
from infrastructure.storage.previews import WHOLE, Previews
from infrastructure.wiring import Container
from interfaces.rest import cursors
from interfaces.rest.cursors import Cursor, Limit
from interfaces.rest.deadlines import WORKING_ON_PICTURES, allow
from interfaces.rest.errors.faults import Busy, CursorInvalid, JobNotReady, ReadModelBehind
from interfaces.rest.files import Downloads, disposition
from interfaces.rest.freshness import WaitForPosition, wait_for
from interfaces.rest.headers import (
    DISPOSITION,
    ETAG,
    LOCATION,
    NOT_MODIFIED,
    RECORDED,
    REPLAYED,
    IfNoneMatch,
    has,
    not_modified,
)
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import (
    AcceptedJob,
    BriefWanted,
    Job,
    JobPage,
    PhotoWanted,
    SubmitJob,
    accepted,
    etag,
    shown,
    summarised,
)

PAGE = 20
TAGS = ["Jobs"]


@post(
    "/jobs",
    status_code=202,
    tags=TAGS,
    summary="Submit photos with a brief",
    description="Holds a credit per photo; when the job ends, those of undelivered photos come back. "
    "With `parent_job_id` it is a new brief on photos of that job: those named, or all of them.",
    response_headers=[RECORDED, LOCATION, REPLAYED],
    responses=problems(
        InsufficientCredits,
        UploadNotFound,
        UploadAlreadyUsed,
        UploadExpired,
        WrongNumberOfPhotos,
        PhotoGivenTwice,
        LinkGivenTwice,
        TooManyVariations,
        PresetUnavailable,
        PromptTooLong,
        PromptNeeded,
        GroupNameTooLong,
        OriginalsRemoved,
        NotFound,
        Conflict,
        ConcurrentChange,
        *REPEATABLE,
    ),
)
async def submit_job(
    data: JSONBody[SubmitJob],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[AcceptedJob]:
    def submit(job_id: UUID) -> Response[AcceptedJob]:
        job = container.jobs.submit(
            job_id,
            user_id=principal.user_id,
            photos=[_photo(photo) for photo in data.photos],
            brief=_brief(data.brief),
            group_name=_personal(data.group_name),
            parent_job_id=data.parent_job_id,
            economy=data.economy,
        )
        answer = accepted(job)
        return Response(answer, headers={"Location": answer.links.job})

    return await once.recorded(principal.user_id, data, submit)


@get(
    "/jobs",
    tags=TAGS,
    summary="My jobs, newest first",
    response_headers=[ETAG],
    responses=NOT_MODIFIED | problems(CursorInvalid, ReadModelBehind),
)
async def list_jobs(
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    pages: NamedDependency[Pages],
    page_versions: NamedDependency[PageVersions],
    cursor: Cursor = None,
    limit: Limit = PAGE,
    if_none_match: IfNoneMatch = None,
    wait_for_position: WaitForPosition = None,
) -> Response[JobPage | None]:
    before = cursors.decoded(cursor)
    await wait_for(reader, wait_for_position, JOBS)
    version = await page_versions.find(principal.user_id, before=before, limit=limit + 1)
    headers = {"ETag": f'"{version}"'}
    if has(if_none_match, headers["ETag"]):
        return not_modified(headers)
    place = ("jobs", principal.user_id, before, limit)
    body: Any = pages.find(place, version)
    if body is None:
        rows = await queries.jobs(reader, principal.user_id, before=before, limit=limit + 1)
        body = encode_json(_page(rows, limit))
        pages.keep(place, version, body)
    return Response(body, headers=headers)


@get(
    "/jobs/{job_id:uuid}",
    tags=TAGS,
    summary="One job with its photos",
    response_headers=[ETAG],
    responses=NOT_MODIFIED | problems(NotFound, ReadModelBehind),
)
async def show_job(
    job_id: FromPath[UUID],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    if_none_match: IfNoneMatch = None,
    wait_for_position: WaitForPosition = None,
) -> Response[Job | None]:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    if (job := await queries.job(reader, principal.user_id, job_id)) is None:
        raise NotFound(PhotoJob.__name__, job_id)
    photos = await queries.photos(reader, principal.user_id, job_id)
    if len(photos) < job.photos:
        raise ReadModelBehind  # the photos follow the log by themselves
    version = etag(job, photos)
    if has(if_none_match, version):
        return not_modified({"ETag": version})
    return Response(shown(job, photos), headers={"ETag": version})


@get(
    "/jobs/{job_id:uuid}/download",
    media_type="application/zip",
    tags=TAGS,
    summary="All staged photos as one ZIP",
    response_headers=[DISPOSITION],
    description="With a manifest.json that tells each file's original and what was done to it. Altered pictures "
    "come with labelled variants, their unaltered originals and a page that discloses them.",
    responses=problems(NotFound, PictureNotFound, PictureRemoved, JobNotReady, ReadModelBehind, Busy),
)
async def download_job(
    job_id: FromPath[UUID],
    container: NamedDependency[Container],
    reader: NamedDependency[Reader],
    principal: NamedDependency[Principal],
    previews: NamedDependency[Previews],
    downloads: NamedDependency[Downloads],
    wait_for_position: WaitForPosition = None,
) -> Stream:
    await wait_for(reader, wait_for_position, JOBS, PHOTOS)
    if (job := await queries.job(reader, principal.user_id, job_id)) is None:
        raise NotFound(PhotoJob.__name__, job_id)
    if not (staged := await queries.staged(reader, principal.user_id, job_id)):
        raise JobNotReady(job_id)
    if removed_at := staged[0].removed_at:  # all of a job's results go at once
        raise PictureRemoved(removed_at)
    delivery = Delivery(
        job_id=job_id,
        user_id=principal.user_id,
        preset=Preset(job.preset),
        photos=staged,
        links=container.signed_links,
        originals_term=timedelta(days=container.settings.originals_days),
        room_type=job.room_type,
        provenances=await provenances(reader, principal.user_id, job_id),
    )

    def labelled(sha256: str, label: Label) -> AsyncIterator[bytes]:
        return previews.labelled(principal.user_id, job_id, sha256, label, WHOLE).pieces()

    allow(WORKING_ON_PICTURES)
    return Stream(
        await downloads.begun(principal.user_id, delivery.zipped(container.pictures, labelled)),
        media_type="application/zip",
        headers={
            "Content-Disposition": disposition(f"stage-in-seconds-{job_id}.zip", attachment=True),
            "Cache-Control": "private, no-store",
        },
    )


def _page(rows: list[JobRow], limit: int) -> JobPage:
    shown, next_cursor = cursors.page(rows, limit, lambda row: row.position)
    return JobPage(items=[summarised(row) for row in shown], next_cursor=next_cursor)


def _brief(wanted: BriefWanted) -> Brief:
    return Brief.accept(wanted.preset, wanted.room_type, wanted.style, _personal(wanted.prompt))


def _photo(wanted: PhotoWanted) -> UUID | Personal:
    return wanted.upload_id or Personal(wanted.url or "")


def _personal(text: str | None) -> Personal | None:
    return None if text is None else Personal(text)


HANDLERS = (submit_job, list_jobs, show_job, download_job)
