"""Photos with their originals, and what became of each."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, by_owner, named
from application.recorded import Recorded
from domain.job_photo import Outcome
from domain.lineage import Lineage
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind


class PhotoRow(NamedTuple):
    photo_id: UUID
    job_id: UUID
    user_id: UUID
    upload_id: UUID
    number: int
    """Its place in the job, from 1."""
    name: Personal
    original: str
    """SHA-256, in hexadecimal; empty until it was fetched from its link."""
    original_media_type: str
    root_photo_id: UUID
    """What its lineage is named for; the first photo of one names itself."""
    status: Outcome
    code: str | None = None
    result: str | None = None
    """SHA-256, in hexadecimal."""
    result_media_type: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    milliseconds: int | None = None
    resolved_at: datetime | None = None
    original_removed_at: datetime | None = None
    result_removed_at: datetime | None = None
    """Also set when there was no result."""
    favourite: bool = False


class Photos:
    table = Table("photos", 3, PhotoRow, ("photo_id",), by_owner(lambda row: row.user_id))
    events = named(
        Lineage.FavouriteChosen,
        PhotoJob.Submitted,
        PhotoJob.PhotoFetched,
        PhotoJob.PhotoStaged,
        PhotoJob.PhotoRefused,
        PhotoJob.PhotoFailed,
        PhotoJob.Cancelled,
        PhotoJob.PicturesRemoved,
    )

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        match recorded.event:
            case PhotoJob.Submitted():
                return ()
            case PhotoJob.Cancelled(photo_ids=photo_ids) | PhotoJob.PicturesRemoved(photo_ids=photo_ids):
                return [(photo_id,) for photo_id in photo_ids]
            case Lineage.FavouriteChosen(photo_id=chosen, instead_of=before):
                return [(photo_id,) for photo_id in (chosen, before) if photo_id]
            case resolved:
                return ((resolved.photo_id,),)

    def evolve(self, rows: Mapping[Key, PhotoRow], recorded: Recorded) -> Mapping[Key, PhotoRow]:
        event = recorded.event
        if isinstance(event, PhotoJob.Submitted):
            return {
                (photo.photo_id,): PhotoRow(
                    photo_id=photo.photo_id,
                    job_id=recorded.stream_id,
                    user_id=event.user_id,
                    upload_id=photo.upload_id,
                    number=number,
                    name=photo.name,
                    original=photo.original,
                    original_media_type=photo.media_type,
                    root_photo_id=photo.root,
                    status=Outcome.PENDING,
                )
                for number, photo in enumerate(event.photos, start=1)
            }
        return {key: _changed(rows[key], recorded) for key in self.keys(recorded)}


def _changed(row: PhotoRow, recorded: Recorded) -> PhotoRow:
    match recorded.event:
        case PhotoJob.PicturesRemoved():
            return _removed(row, recorded)
        case PhotoJob.PhotoFetched(original=original, media_type=media_type):
            return row._replace(original=original, original_media_type=media_type)
        case Lineage.FavouriteChosen(photo_id=chosen):
            return row._replace(favourite=row.photo_id == chosen)
        case _:
            return _resolved(row, recorded)


def _resolved(row: PhotoRow, recorded: Recorded) -> PhotoRow:
    match recorded.event:
        case PhotoJob.PhotoStaged(result=result, media_type=media_type, provenance=provenance):
            row = row._replace(
                status=Outcome.STAGED,
                result=result,
                result_media_type=media_type,
                engine=provenance.engine,
                engine_version=provenance.version,
                milliseconds=provenance.milliseconds,
            )
        case PhotoJob.PhotoRefused(code=code):
            row = row._replace(status=Outcome.REFUSED, code=code)
        case PhotoJob.PhotoFailed(code=code):
            row = row._replace(status=Outcome.FAILED, code=code)
        case PhotoJob.Cancelled():
            row = row._replace(status=Outcome.CANCELLED)
    return row._replace(resolved_at=recorded.recorded_at)


def _removed(row: PhotoRow, recorded: Recorded) -> PhotoRow:
    if PictureKind.ORIGINALS in recorded.event.kinds:
        row = row._replace(original_removed_at=recorded.recorded_at)
    if PictureKind.RESULTS in recorded.event.kinds:
        row = row._replace(result_removed_at=recorded.recorded_at)
    return row
