"""Jobs with their state and counts, as lists and the dashboard show them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, by_stream, named
from application.recorded import Recorded
from domain.job_photo import JobStatus
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind


class JobRow(NamedTuple):
    job_id: UUID
    user_id: UUID
    status: JobStatus
    preset: str
    room_type: str | None
    style: str | None
    prompt: Personal | None
    group_name: Personal | None
    parent_job_id: UUID | None
    photos: int
    staged: int
    refused: int
    failed: int
    cancelled: int
    submitted_at: datetime
    ended_at: datetime | None
    deleted_at: datetime | None
    """A deleted job keeps its row: what it cost stays countable."""
    originals_removed_at: datetime | None
    results_removed_at: datetime | None
    version: int
    position: int
    """Where in the log it was submitted: it never changes, so lists can be cut anywhere."""


class Jobs:
    table = Table("jobs", 2, JobRow, ("job_id",), by_stream(lambda row: row.job_id))
    events = named(
        PhotoJob.Submitted,
        PhotoJob.PhotoFetched,
        PhotoJob.PhotoStaged,
        PhotoJob.PhotoRefused,
        PhotoJob.PhotoFailed,
        PhotoJob.Completed,
        PhotoJob.Failed,
        PhotoJob.Cancelled,
        PhotoJob.GroupRenamed,
        PhotoJob.Deleted,
        PhotoJob.PicturesRemoved,
    )

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        return () if isinstance(recorded.event, PhotoJob.Submitted) else ((recorded.stream_id,),)

    def evolve(self, rows: Mapping[Key, JobRow], recorded: Recorded) -> Mapping[Key, JobRow]:
        key = (recorded.stream_id,)
        if isinstance(recorded.event, PhotoJob.Submitted):
            return {key: _submitted(recorded.event, recorded)}
        changed = _changed(rows[key], recorded.event, recorded.recorded_at)
        return {key: changed._replace(version=recorded.version)}


def _submitted(event: PhotoJob.Submitted, recorded: Recorded) -> JobRow:
    return JobRow(
        job_id=recorded.stream_id,
        user_id=event.user_id,
        status=JobStatus.PENDING,
        preset=event.preset,
        room_type=event.room_type,
        style=event.style,
        prompt=event.prompt,
        group_name=event.group_name,
        parent_job_id=event.parent_job_id,
        photos=len(event.photos),
        staged=0,
        refused=0,
        failed=0,
        cancelled=0,
        submitted_at=recorded.recorded_at,
        ended_at=None,
        deleted_at=None,
        originals_removed_at=None,
        results_removed_at=None,
        version=recorded.version,
        position=recorded.position,
    )


def _changed(row: JobRow, event: Any, at: datetime) -> JobRow:
    match event:
        case PhotoJob.PhotoStaged():
            row = row._replace(status=JobStatus.PROCESSING, staged=row.staged + 1)
        case PhotoJob.PhotoRefused():
            row = row._replace(status=JobStatus.PROCESSING, refused=row.refused + 1)
        case PhotoJob.PhotoFailed():
            row = row._replace(status=JobStatus.PROCESSING, failed=row.failed + 1)
        case PhotoJob.Completed():
            row = row._replace(status=JobStatus.COMPLETED, ended_at=at)
        case PhotoJob.Failed():
            row = row._replace(status=JobStatus.FAILED, ended_at=at)
        case PhotoJob.Cancelled(photo_ids=photo_ids):
            row = row._replace(status=JobStatus.CANCELLED, cancelled=len(photo_ids), ended_at=at)
        case PhotoJob.GroupRenamed(group_name=group_name):
            row = row._replace(group_name=group_name)
        case PhotoJob.Deleted():
            row = row._replace(deleted_at=at)
        case PhotoJob.PicturesRemoved(kinds=kinds):
            row = _without(row, kinds, at)
    return row


def _without(row: JobRow, kinds: Collection[str], at: datetime) -> JobRow:
    if PictureKind.ORIGINALS in kinds:
        row = row._replace(originals_removed_at=at)
    if PictureKind.RESULTS in kinds:
        row = row._replace(results_removed_at=at)
    return row
