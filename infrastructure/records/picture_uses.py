"""What still needs a picture: asked of the read models of jobs and photos, and of the uploads themselves."""

from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from psycopg import sql

from application.projections.jobs import Jobs
from application.projections.photos import Photos
from domain.pictures import PictureKind
from infrastructure.postgres.database import Database
from infrastructure.projections.rows import READ_MODELS
from infrastructure.records.uploads import GRACE, original_lock

_JOBS = sql.Identifier(READ_MODELS, Jobs.table.versioned_name)
_PHOTOS = sql.Identifier(READ_MODELS, Photos.table.versioned_name)
_JOB_LOST = {
    PictureKind.ORIGINALS: sql.Identifier("originals_removed_at"),
    PictureKind.RESULTS: sql.Identifier("results_removed_at"),
}
_PHOTO_LOST = {
    PictureKind.ORIGINALS: sql.Identifier("original_removed_at"),
    PictureKind.RESULTS: sql.Identifier("result_removed_at"),
}

_KNOWS = sql.SQL("SELECT EXISTS (SELECT FROM {photos} WHERE job_id = %s AND {lost} IS NOT NULL)")

# One statement sees one moment: an upload whose job the read model does not show yet cannot slip through.
_NEEDED = sql.SQL("""
SELECT EXISTS (
    SELECT FROM {photos}
    WHERE user_id = %(owner)s AND original = %(original)s AND original_removed_at IS NULL
) OR EXISTS (
    SELECT FROM stage.uploads
    WHERE uploads.user_id = %(owner)s AND uploads.sha256 = %(original)s
      AND CASE WHEN uploads.job_id IS NULL THEN uploads.expires_at > clock_timestamp() - %(grace)s
               ELSE NOT EXISTS (SELECT FROM {photos} AS photos WHERE photos.job_id = uploads.job_id) END
)
""")

_PAST_TERM = sql.SQL(
    "SELECT job_id FROM {jobs} WHERE ended_at < %s AND {lost} IS NULL ORDER BY ended_at LIMIT %s"
)

_KEPT = sql.SQL("""
    SELECT job_id FROM {jobs}
    WHERE user_id = %s AND (originals_removed_at IS NULL OR results_removed_at IS NULL)
    ORDER BY position LIMIT %s
""")


class PostgresPictureUses:
    def __init__(self, database: Database) -> None:
        self._database = database

    def knows_removal(self, job_id: UUID, kind: PictureKind) -> bool:
        """Photos follow the log in order: what shows this removal shows all that came before it."""
        statement = _KNOWS.format(photos=_PHOTOS, lost=_PHOTO_LOST[kind])
        with self._database.connection() as connection:
            ((known,),) = connection.execute(statement, [job_id]).fetchall()
        return bool(known)

    def original_needed(self, owner: UUID, sha256: str) -> bool:
        statement = _NEEDED.format(photos=_PHOTOS)
        parameters = {"owner": owner, "original": sha256, "grace": GRACE}
        with self._database.connection() as connection:
            ((needed,),) = connection.execute(statement, parameters).fetchall()
        return bool(needed)

    def undisturbed(self, owner: UUID, sha256: str) -> AbstractContextManager[None]:
        """A transaction that holds a lock and writes nothing, so it keeps no follower back.

        When the object store does not answer, the server ends it (`idle_in_transaction_session_timeout`).
        """
        return self._database.transaction(original_lock(owner, sha256))

    def past_term(self, kind: PictureKind, *, ended_before: datetime, limit: int) -> list[UUID]:
        statement = _PAST_TERM.format(jobs=_JOBS, lost=_JOB_LOST[kind])
        with self._database.connection() as connection:
            return [job_id for (job_id,) in connection.execute(statement, [ended_before, limit])]

    def kept_by(self, owner: UUID, *, limit: int) -> list[UUID]:
        with self._database.connection() as connection:
            return [job_id for (job_id,) in connection.execute(_KEPT.format(jobs=_JOBS), [owner, limit])]
