"""A user's jobs and their photos. Deleted jobs, and those of others, are not there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from infrastructure.postgres.connecting import array
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement
from infrastructure.queries.together import Together

NEWEST: Final = 2**63 - 1
"""A position that nothing reaches: before it begins the list of the newest."""


class JobRow(Struct, frozen=True):
    job_id: UUID
    status: str
    preset: str
    room_type: str | None
    style: str | None
    prompt: str | None
    group_name: str | None
    parent_job_id: UUID | None
    photos: int
    staged: int
    refused: int
    failed: int
    cancelled: int
    submitted_at: datetime
    ended_at: datetime | None
    results_removed_at: datetime | None
    version: int
    position: int


class _PageVersion(Struct, frozen=True):
    number: int
    version: str


class PhotoRow(Struct, frozen=True):
    photo_id: UUID
    upload_id: UUID
    number: int
    name: str
    status: str
    code: str | None
    original: str
    original_media_type: str
    result: str | None
    result_media_type: str | None
    engine: str | None
    engine_version: str | None
    resolved_at: datetime | None
    original_removed_at: datetime | None
    result_removed_at: datetime | None


class StagedPhoto(Struct, frozen=True):
    """A delivered photo: what it was made from, and by what."""

    photo_id: UUID
    number: int
    name: str
    original_sha256: str
    result_sha256: str
    media_type: str
    original_media_type: str
    original_removed_at: datetime | None
    engine: str
    engine_version: str
    staged_at: datetime
    removed_at: datetime | None


class PhotoPictures(Struct, frozen=True):
    """Where a photo's pictures are or were, and how to name them."""

    user_id: UUID
    number: int
    name: str
    preset: str
    room_type: str | None
    original: str
    original_media_type: str
    original_removed_at: datetime | None
    result: str | None
    result_media_type: str | None
    result_removed_at: datetime | None


_SELECT: Final = """
    SELECT jobs.job_id, jobs.status, jobs.preset, jobs.room_type, jobs.style, jobs.prompt, jobs.group_name,
           jobs.parent_job_id, jobs.photos, jobs.staged, jobs.refused, jobs.failed, jobs.cancelled,
           jobs.submitted_at, jobs.ended_at, jobs.results_removed_at, jobs.version, jobs.position, keys.wrapped
    FROM {jobs} AS jobs LEFT JOIN stage.data_keys AS keys ON keys.key_id = jobs.user_id
    WHERE jobs.deleted_at IS NULL
"""

_JOBS = statement(
    _SELECT
    + """
      AND jobs.user_id = %(user_id)s AND jobs.position < %(before)s
    ORDER BY jobs.position DESC LIMIT %(limit)s
"""
)

# Versions only grow, and positions never change: jobs that have the same of both look the same, unless their
# user's key is gone.
PAGE_VERSION: Final = """
    SELECT concat_ws('.', count(*), to_hex(coalesce(bit_xor(hashint8extended(page.position, page.version)), 0)),
                     (SELECT 'erased' FROM stage.data_keys AS keys
                      WHERE keys.key_id = %(user_id)s AND keys.wrapped IS NULL)) AS version
    FROM (
        SELECT jobs.position, jobs.version FROM {jobs} AS jobs
        WHERE jobs.user_id = %(user_id)s AND jobs.deleted_at IS NULL AND jobs.position < %(before)s
        ORDER BY jobs.position DESC LIMIT %(limit)s
    ) AS page
"""
_PAGE_VERSIONS = statement(
    """
    SELECT asked.number, page.version
    FROM unnest(%(user_ids)s::uuid[], %(befores)s::bigint[], %(limits)s::bigint[])
         WITH ORDINALITY AS asked (user_id, before, rows, number)
    CROSS JOIN LATERAL ("""  # noqa: S608 - nothing comes from outside
    + PAGE_VERSION.replace("%(user_id)s", "asked.user_id")
    .replace("%(before)s", "asked.before")
    .replace("%(limit)s", "asked.rows")
    + """) AS page
"""
)

_JOB = statement(
    _SELECT + "AND jobs.job_id = %(job_id)s AND (%(user_id)s::uuid IS NULL OR jobs.user_id = %(user_id)s)"
)

_PHOTOS = statement("""
    SELECT photos.photo_id, photos.upload_id, photos.number, photos.name, photos.status, photos.code,
           photos.original, photos.original_media_type, photos.result, photos.result_media_type,
           photos.engine, photos.engine_version, photos.resolved_at, photos.original_removed_at,
           photos.result_removed_at, keys.wrapped
    FROM {photos} AS photos LEFT JOIN stage.data_keys AS keys ON keys.key_id = photos.user_id
    WHERE photos.job_id = %(job_id)s AND (%(user_id)s::uuid IS NULL OR photos.user_id = %(user_id)s)
    ORDER BY photos.number
""")

_STAGED = statement("""
    SELECT photos.photo_id, photos.number, photos.name, photos.original AS original_sha256,
           photos.result AS result_sha256, photos.result_media_type AS media_type,
           photos.original_media_type, photos.original_removed_at, photos.engine, photos.engine_version,
           photos.resolved_at AS staged_at,
           photos.result_removed_at AS removed_at, keys.wrapped
    FROM {photos} AS photos LEFT JOIN stage.data_keys AS keys ON keys.key_id = photos.user_id
    WHERE photos.job_id = %(job_id)s AND photos.user_id = %(user_id)s AND photos.result IS NOT NULL
    ORDER BY photos.number
""")

_PICTURES = statement("""
    SELECT photos.user_id, photos.number, photos.name, jobs.preset, jobs.room_type, photos.original,
           photos.original_media_type, photos.original_removed_at, photos.result, photos.result_media_type,
           photos.result_removed_at, keys.wrapped
    FROM {photos} AS photos
    JOIN {jobs} AS jobs ON jobs.job_id = photos.job_id AND jobs.deleted_at IS NULL
    LEFT JOIN stage.data_keys AS keys ON keys.key_id = photos.user_id
    WHERE photos.photo_id = %(photo_id)s AND photos.job_id = %(job_id)s
      AND (%(user_id)s::uuid IS NULL OR photos.user_id = %(user_id)s)
""")


async def jobs(reader: Reader, user_id: UUID, *, before: int, limit: int) -> list[JobRow]:
    """The jobs submitted before a position of the log, newest first."""
    return await reader.rows(
        JobRow,
        _JOBS,
        {"user_id": user_id, "before": before, "limit": limit},
        sealed=("prompt", "group_name"),
    )


class PageVersions:
    """The versions of many users' pages, asked for together."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._together = Together(self._of)

    async def find(self, user_id: UUID, *, before: int, limit: int) -> str:
        """Of what `jobs` would give: as long as it stays the same, so do they."""
        return await self._together.find((user_id, before, limit)) or ""

    async def _of(self, asked: Sequence[tuple[UUID, int, int]]) -> dict[tuple[UUID, int, int], str]:
        parameters = {
            "user_ids": array(user_id.hex for user_id, _, _ in asked),
            "befores": array(before for _, before, _ in asked),
            "limits": array(limit for _, _, limit in asked),
        }
        rows = await self._reader.rows(_PageVersion, _PAGE_VERSIONS, parameters)
        return {asked[row.number - 1]: row.version for row in rows}


async def job(reader: Reader, user_id: UUID | None, job_id: UUID) -> JobRow | None:
    """This user's; anybody's, when whoever asks has a signed link to it instead."""
    return await reader.row(
        JobRow, _JOB, {"user_id": user_id, "job_id": job_id}, sealed=("prompt", "group_name")
    )


async def photos(reader: Reader, user_id: UUID | None, job_id: UUID) -> list[PhotoRow]:
    """The same user's photos, in the order in which they were submitted."""
    return await reader.rows(PhotoRow, _PHOTOS, {"user_id": user_id, "job_id": job_id}, sealed=("name",))


async def staged(reader: Reader, user_id: UUID, job_id: UUID) -> list[StagedPhoto]:
    """The job's delivered photos, in the order in which they were submitted."""
    return await reader.rows(StagedPhoto, _STAGED, {"user_id": user_id, "job_id": job_id}, sealed=("name",))


async def pictures(
    reader: Reader, user_id: UUID | None, job_id: UUID, photo_id: UUID
) -> PhotoPictures | None:
    """Of this user's photo; of anybody's, when whoever asks has a signed link to it instead."""
    return await reader.row(
        PhotoPictures,
        _PICTURES,
        {"user_id": user_id, "job_id": job_id, "photo_id": photo_id},
        sealed=("name",),
    )
