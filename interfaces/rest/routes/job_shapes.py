"""How jobs and photos look in requests and answers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from application.reasons import told
from domain.brief import PROMPT_LENGTH, Preset, RoomType, Style
from domain.job_errors import GROUP_NAME_LENGTH, PHOTOS_PER_JOB
from domain.job_photo import JobStatus, Outcome
from domain.photo_job import PhotoJob
from infrastructure.queries.jobs import JobRow, PhotoRow
from infrastructure.queries.lineages import VariationRow
from interfaces.rest.addresses import API
from interfaces.rest.bodies import described

LONGEST_TEXT = 10_000
"""Characters; what a prompt or a name may have at the most, the domain says."""
LONGEST_LINK = 2_048

Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
JobId = Annotated[UUID, Meta(examples=["4f2f9d0a-2f1f-4c1f-8d11-0a6f2b526f0e"])]
PhotoId = Annotated[UUID, Meta(examples=["b7d0c1de-22bb-5f3f-8e1b-1b7f3c637f1f"])]
UploadId = Annotated[
    UUID,
    Meta(
        description="The upload that it came from; a new brief on the same photo names it again",
        examples=["0a6f2b52-6f0e-4f2f-9d0a-2f1f6c1f5d11"],
    ),
]
GroupName = Annotated[Text | None, Meta(examples=["12 Elm Street"])]
Moment = Annotated[datetime, Meta(examples=["2026-05-04T09:31:00Z"])]


class PhotoWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """An upload, or a link."""

    upload_id: UploadId | None = None
    url: Annotated[
        Annotated[str, Meta(min_length=1, max_length=LONGEST_LINK)] | None,
        Meta(
            description="Where the photo can be fetched without signing in: https, port 443, a public server. "
            "It is fetched after the job was accepted, and a bad link fails this photo only",
            examples=[None],
            extra_json_schema=described(min_length=1, max_length=LONGEST_LINK),
        ),
    ] = None

    def __post_init__(self) -> None:
        if (self.upload_id is None) == (self.url is None):
            raise ValueError("Expected either `upload_id` or `url`")


class BriefWanted(Struct, frozen=True, forbid_unknown_fields=True):
    preset: Annotated[Preset, Meta(description="GET /presets tells what is available", examples=["enhance"])]
    room_type: Annotated[RoomType | None, Meta(examples=["living_room"])] = None
    style: Annotated[Style | None, Meta(examples=["scandinavian"])] = None
    prompt: Annotated[
        Text | None,
        Meta(
            description=f"Up to {PROMPT_LENGTH} characters; the custom preset needs it",
            examples=["Warm evening light"],
            extra_json_schema=described(max_length=PROMPT_LENGTH),
        ),
    ] = None


class SubmitJob(Struct, frozen=True, forbid_unknown_fields=True):
    brief: BriefWanted
    photos: Annotated[
        list[PhotoWanted],
        Meta(
            description=f"1 to {PHOTOS_PER_JOB}, each upload once; with a parent, none means all of its",
            extra_json_schema=described(max_items=PHOTOS_PER_JOB),
        ),
    ] = msgspec.field(default_factory=list)
    group_name: Annotated[
        Text | None,
        Meta(
            description=f"Up to {GROUP_NAME_LENGTH} characters",
            examples=["12 Elm Street"],
            extra_json_schema=described(max_length=GROUP_NAME_LENGTH),
        ),
    ] = None
    parent_job_id: Annotated[
        UUID | None,
        Meta(description="An earlier job of mine whose photos get this new brief", examples=[None]),
    ] = None
    economy: Annotated[
        bool,
        Meta(description="May take up to a day; the same credits, kinder to the provider", examples=[False]),
    ] = False


class BriefShown(Struct, frozen=True):
    preset: Annotated[str, Meta(examples=["enhance"])]
    room_type: Annotated[str | None, Meta(examples=["living_room"])]
    style: Annotated[str | None, Meta(examples=["scandinavian"])]
    prompt: Annotated[str | None, Meta(examples=["Warm evening light"])]


class Counts(Struct, frozen=True):
    """Of a job's photos; staged ones cost a credit each, all others nothing."""

    photos: Annotated[int, Meta(examples=[2])]
    pending: Annotated[int, Meta(examples=[1])]
    staged: Annotated[int, Meta(examples=[1])]
    refused: Annotated[int, Meta(examples=[0])]
    failed: Annotated[int, Meta(examples=[0])]
    cancelled: Annotated[int, Meta(examples=[0])]


class JobLinks(Struct, frozen=True):
    job: Annotated[str, Meta(examples=[f"{API}/jobs/4f2f9d0a-2f1f-4c1f-8d11-0a6f2b526f0e"])]
    download: Annotated[
        str | None,
        Meta(
            description="The ZIP; null while nothing is staged, and once results are no longer kept",
            examples=[f"{API}/jobs/4f2f9d0a-2f1f-4c1f-8d11-0a6f2b526f0e/download"],
        ),
    ]


class PhotoLinks(Struct, frozen=True):
    """Those to pictures that are no longer kept, or not fetched from their link yet, are null."""

    original: Annotated[str | None, Meta(examples=[f"{API}/jobs/4f2f9d0a…/photos/b7d0c1de…/original"])]
    result: Annotated[
        str | None,
        Meta(description="Null unless staged", examples=[f"{API}/jobs/4f2f9d0a…/photos/b7d0c1de…/result"]),
    ]
    preview: Annotated[
        str | None,
        Meta(
            description="1600 pixels, of the result once there is one; it can be cached for ever",
            examples=[f"{API}/jobs/4f2f9d0a…/photos/b7d0c1de…/preview?size=1600&picture=9f86d081…"],
        ),
    ]
    thumbnail: Annotated[
        str | None,
        Meta(
            description="The same in 400 pixels",
            examples=[f"{API}/jobs/4f2f9d0a…/photos/b7d0c1de…/preview?size=400&picture=9f86d081…"],
        ),
    ]
    original_preview: Annotated[
        str | None,
        Meta(
            description="1600 pixels, of the original",
            examples=[f"{API}/jobs/4f2f9d0a…/photos/b7d0c1de…/preview?size=1600&picture=2c26b46b…"],
        ),
    ]
    provenance: Annotated[
        str | None,
        Meta(
            description="How the result came to be; null unless staged",
            examples=[f"{API}/jobs/4f2f9d0a…/photos/b7d0c1de…/provenance"],
        ),
    ]


class Photo(Struct, frozen=True):
    photo_id: PhotoId
    upload_id: UploadId
    number: Annotated[int, Meta(description="Its place in the job, from 1", examples=[1])]
    name: Annotated[str, Meta(examples=["living-room.jpg"])]
    status: Annotated[Outcome, Meta(examples=["staged"])]
    code: Annotated[str | None, Meta(description="Why it was refused or failed", examples=[None])]
    reason: Annotated[str | None, Meta(description="The same in plain words", examples=[None])]
    engine: Annotated[str | None, Meta(description="What staged it", examples=["darkroom"])]
    engine_version: Annotated[str | None, Meta(examples=["1"])]
    resolved_at: Moment | None
    links: PhotoLinks


class JobSummary(Struct, frozen=True):
    job_id: JobId
    status: Annotated[JobStatus, Meta(examples=["processing"])]
    brief: BriefShown
    group_name: Annotated[str | None, Meta(examples=["12 Elm Street"])]
    parent_job_id: Annotated[
        UUID | None, Meta(description="The job that this one tries again or varies", examples=[None])
    ]
    counts: Counts
    submitted_at: Moment
    ended_at: Moment | None
    links: JobLinks


class Job(JobSummary, frozen=True):
    photos: list[Photo]


class JobPage(Struct, frozen=True):
    items: list[JobSummary]
    next_cursor: Annotated[
        str | None, Meta(description="Where the next page begins; null on the last", examples=["AAAAAAAAACo"])
    ]


class AcceptedPhoto(Struct, frozen=True):
    photo_id: PhotoId
    upload_id: UploadId
    number: Annotated[int, Meta(examples=[1])]
    status: Annotated[Outcome, Meta(examples=["pending"])]


class AcceptedJob(Struct, frozen=True):
    job_id: JobId
    status: Annotated[JobStatus, Meta(examples=["pending"])]
    photos: list[AcceptedPhoto]
    links: JobLinks


def accepted(job: PhotoJob) -> AcceptedJob:
    """The job as it was submitted, whatever became of it since: a repeated request is answered the same."""
    return AcceptedJob(
        job_id=job.id,
        status=JobStatus.PENDING,
        photos=[
            AcceptedPhoto(photo.photo_id, photo.upload_id, number, Outcome.PENDING)
            for number, photo in enumerate(job.photos.values(), start=1)
        ],
        links=links(job.id, staged=0),
    )


_STATUSES: Final = {status.value: status for status in JobStatus}
"""Looked up for each of a hundred jobs in a list, which takes a tenth of the time of JobStatus(…)."""


def summarised(row: JobRow) -> JobSummary:
    resolved = row.staged + row.refused + row.failed + row.cancelled
    return JobSummary(
        job_id=row.job_id,
        status=_STATUSES[row.status],
        brief=_brief(row),
        group_name=row.group_name,
        parent_job_id=row.parent_job_id,
        counts=Counts(
            photos=row.photos,
            pending=row.photos - resolved,
            staged=row.staged,
            refused=row.refused,
            failed=row.failed,
            cancelled=row.cancelled,
        ),
        submitted_at=row.submitted_at,
        ended_at=row.ended_at,
        links=links(row.job_id, staged=0 if row.results_removed_at else row.staged),
    )


def shown(row: JobRow, photos: Sequence[PhotoRow]) -> Job:
    """The job with its photos, and never as ended before every photo shows its outcome.

    The two come from read models that follow the log each by itself; the photos decide.
    """
    counts = counted(photo.status for photo in photos)
    ended = counts.pending == 0
    return Job(
        job_id=row.job_id,
        status=JobStatus(row.status) if ended else _unfinished(counts),
        brief=_brief(row),
        group_name=row.group_name,
        parent_job_id=row.parent_job_id,
        counts=counts,
        submitted_at=row.submitted_at,
        ended_at=row.ended_at if ended else None,
        links=links(row.job_id, staged=sum(_has_result(photo) for photo in photos)),
        photos=[_photo(row.job_id, photo) for photo in photos],
    )


def etag(row: JobRow, photos: Sequence[PhotoRow]) -> str:
    """The job's version, and how many outcomes and removed pictures its photos show: both only ever grow."""
    seen = sum(
        (photo.status != Outcome.PENDING)
        + (photo.original_removed_at is not None)
        + (photo.result_removed_at is not None)
        for photo in photos
    )
    return f'"{row.version}.{seen}"'


def changed_etag(job: PhotoJob) -> str:
    """The same, once the read models know the job as it is now."""
    return f'"{job.version}.{job.resolved + len(job.photos) * len(job.removed)}"'


def _unfinished(counts: Counts) -> JobStatus:
    return JobStatus.PENDING if counts.pending == counts.photos else JobStatus.PROCESSING


def counted(outcomes: Iterable[str]) -> Counts:
    """How many photos have which outcome."""
    found = Counter(outcomes)
    return Counts(photos=found.total(), **{outcome.value: found[outcome] for outcome in Outcome})


def _brief(row: JobRow) -> BriefShown:
    return BriefShown(row.preset, row.room_type, row.style, row.prompt)


def _photo(job_id: UUID, row: PhotoRow) -> Photo:
    return Photo(
        photo_id=row.photo_id,
        upload_id=row.upload_id,
        number=row.number,
        name=row.name,
        status=Outcome(row.status),
        code=row.code,
        reason=told(row.code),
        engine=row.engine,
        engine_version=row.engine_version,
        resolved_at=row.resolved_at,
        links=picture_links(job_id, row),
    )


def picture_links(job_id: UUID, row: PhotoRow | VariationRow) -> PhotoLinks:
    path = f"{API}/jobs/{job_id}/photos/{row.photo_id}"
    original = None if row.original_removed_at else row.original
    result = row.result if _has_result(row) else None

    def preview(picture: str | None, size: int) -> str | None:
        return f"{path}/preview?size={size}&picture={picture}" if picture else None

    return PhotoLinks(
        original=f"{path}/original" if original else None,
        result=f"{path}/result" if result else None,
        preview=preview(result or original, 1600),
        thumbnail=preview(result or original, 400),
        original_preview=preview(original, 1600),
        provenance=f"{path}/provenance" if row.result else None,
    )


def _has_result(row: PhotoRow | VariationRow) -> bool:
    return row.result is not None and row.result_removed_at is None


def links(job_id: UUID, *, staged: int) -> JobLinks:
    path = f"{API}/jobs/{job_id}"
    return JobLinks(job=path, download=f"{path}/download" if staged else None)
