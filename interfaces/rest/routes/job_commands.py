"""What an owner may do with a job: stop it, try it again, rename it, delete it."""

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from application.errors import ConcurrentChange, NotFound, PresetUnavailable, VersionMismatch
from domain.credit_errors import InsufficientCredits
from domain.errors import Conflict
from domain.job_errors import (
    GROUP_NAME_LENGTH,
    GroupNameTooLong,
    JobAlreadyEnded,
    JobNotEnded,
    NothingToRetry,
)
from domain.job_photo import JobStatus
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import OriginalsRemoved
from infrastructure.queries.sessions import Principal
from infrastructure.wiring import Container
from interfaces.rest.bodies import described
from interfaces.rest.errors.faults import IfMatchInvalid
from interfaces.rest.headers import ETAG, LOCATION, RECORDED, REPLAYED
from interfaces.rest.once import REPEATABLE, Once
from interfaces.rest.preconditions import IfMatch, expected_version
from interfaces.rest.problems import problems
from interfaces.rest.routes.job_shapes import (
    AcceptedJob,
    Counts,
    GroupName,
    JobId,
    JobLinks,
    accepted,
    changed_etag,
    counted,
    links,
)

TAGS = ["Jobs"]


class RenameJob(Struct, frozen=True, forbid_unknown_fields=True):
    group_name: Annotated[
        GroupName,
        Meta(
            description=f"Up to {GROUP_NAME_LENGTH} characters; null or blank clears it",
            extra_json_schema=described(max_length=GROUP_NAME_LENGTH),
        ),
    ]


class ChangedJob(Struct, frozen=True):
    """A job as its history tells it, which queries may not know yet."""

    job_id: JobId
    status: Annotated[JobStatus, Meta(examples=["cancelled"])]
    group_name: GroupName
    counts: Counts
    links: JobLinks


@post(
    "/jobs/{job_id:uuid}/cancel",
    status_code=200,
    tags=TAGS,
    summary="Stop a job",
    description="Its unfinished photos are cancelled and their credits come back; delivered ones stay.",
    response_headers=[RECORDED, ETAG],
    responses=problems(NotFound, JobAlreadyEnded, ConcurrentChange),
    sync_to_thread=True,
)
def cancel_job(
    job_id: FromPath[UUID], container: NamedDependency[Container], principal: NamedDependency[Principal]
) -> Response[ChangedJob]:
    container.jobs.cancel(job_id, principal.user_id)
    return _changed(container.jobs.owned(job_id, principal.user_id))


@post(
    "/jobs/{job_id:uuid}/retry",
    status_code=202,
    tags=TAGS,
    summary="Try the failed photos of a job again",
    description="As a new job with this one as its parent; refused and cancelled photos are not tried again.",
    response_headers=[RECORDED, LOCATION, REPLAYED],
    responses=problems(
        NotFound,
        JobNotEnded,
        NothingToRetry,
        OriginalsRemoved,
        PresetUnavailable,
        InsufficientCredits,
        Conflict,
        ConcurrentChange,
        *REPEATABLE,
    ),
)
async def retry_job(
    job_id: FromPath[UUID],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    once: NamedDependency[Once],
) -> Response[AcceptedJob]:
    def retry(new_job_id: UUID) -> Response[AcceptedJob]:
        answer = accepted(container.jobs.retry(new_job_id, job_id, principal.user_id))
        return Response(answer, headers={"Location": answer.links.job})

    return await once.recorded(principal.user_id, None, retry)


@patch(
    "/jobs/{job_id:uuid}",
    tags=TAGS,
    summary="Rename a job's group",
    response_headers=[RECORDED, ETAG],
    responses=problems(NotFound, GroupNameTooLong, IfMatchInvalid, VersionMismatch, ConcurrentChange),
    sync_to_thread=True,
)
def rename_job(
    job_id: FromPath[UUID],
    data: JSONBody[RenameJob],
    container: NamedDependency[Container],
    principal: NamedDependency[Principal],
    if_match: IfMatch = None,
) -> Response[ChangedJob]:
    name = None if data.group_name is None else Personal(data.group_name)
    seen = expected_version(if_match)
    container.jobs.rename(job_id, principal.user_id, name, seen)
    return _changed(container.jobs.owned(job_id, principal.user_id))


@delete(
    "/jobs/{job_id:uuid}",
    tags=TAGS,
    summary="Delete a job",
    description="What is unfinished is cancelled first. Its pictures go for good; what it cost stays told.",
    response_headers=[RECORDED],
    responses=problems(NotFound, ConcurrentChange),
    sync_to_thread=True,
)
def delete_job(
    job_id: FromPath[UUID], container: NamedDependency[Container], principal: NamedDependency[Principal]
) -> None:
    container.jobs.delete(job_id, principal.user_id)


def _changed(job: PhotoJob) -> Response[ChangedJob]:
    shown = ChangedJob(
        job_id=job.id,
        status=job.status,
        group_name=job.group_name.text if job.group_name else None,
        counts=counted(job.outcomes.values()),
        links=links(job.id, staged=job.delivered),
    )
    return Response(shown, headers={"ETag": changed_etag(job)})


HANDLERS = (cancel_job, retry_job, rename_job, delete_job)
