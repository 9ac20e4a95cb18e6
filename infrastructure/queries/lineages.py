"""Lineages: the photos that descend from one original, with the jobs that made them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement


class VariationRow(Struct, frozen=True):
    job_id: UUID
    photo_id: UUID
    root_photo_id: UUID
    parent_job_id: UUID | None
    preset: str
    room_type: str | None
    style: str | None
    prompt: str | None
    status: str
    original: str
    original_removed_at: datetime | None
    result: str | None
    result_removed_at: datetime | None
    favourite: bool
    submitted_at: datetime


_VARIATIONS = statement("""
    SELECT jobs.job_id, photos.photo_id, photos.root_photo_id, jobs.parent_job_id, jobs.preset,
           jobs.room_type, jobs.style, jobs.prompt, photos.status, photos.original,
           photos.original_removed_at, photos.result, photos.result_removed_at, photos.favourite,
           jobs.submitted_at, keys.wrapped
    FROM {photos} AS asked
    JOIN {jobs} AS its_job ON its_job.job_id = asked.job_id AND its_job.deleted_at IS NULL
    JOIN {photos} AS photos ON photos.root_photo_id = asked.root_photo_id AND photos.user_id = asked.user_id
    JOIN {jobs} AS jobs ON jobs.job_id = photos.job_id AND jobs.deleted_at IS NULL
    LEFT JOIN stage.data_keys AS keys ON keys.key_id = photos.user_id
    WHERE asked.photo_id = %(photo_id)s AND asked.job_id = %(job_id)s AND asked.user_id = %(user_id)s
    ORDER BY jobs.position
""")


async def variations(reader: Reader, user_id: UUID, job_id: UUID, photo_id: UUID) -> list[VariationRow]:
    """Of this photo's original, the oldest first; none when the photo is not this user's."""
    return await reader.rows(
        VariationRow,
        _VARIATIONS,
        {"user_id": user_id, "job_id": job_id, "photo_id": photo_id},
        sealed=("prompt",),
    )
