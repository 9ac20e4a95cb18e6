"""Uploads waiting for their job, in PostgreSQL."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from application.photos import PhotoFacts
from application.ports import Upload
from infrastructure.event_store.keyring import Keyring, Sealed
from infrastructure.postgres.connecting import array
from infrastructure.postgres.database import Database
from infrastructure.postgres.transactions import Call

GRACE = timedelta(minutes=5)
"""How long after its expiry an upload counts as unused for good. Whoever found it unexpired and takes it has
committed by then, or never will: no transaction of this program lives longer than its role's
`transaction_timeout` (migrations/roles.sql)."""

_COLUMNS = "upload_id, user_id, sha256, media_type, width, height, size, name, expires_at, job_id"

_TAKE = "stage.take_uploads(%s::uuid[], %b::uuid)"


def original_lock(owner: UUID, sha256: str) -> UUID:
    """Held by whoever adds an upload of this original, and by whoever removes it because nobody needs it."""
    return uuid5(owner, sha256)


class PostgresUploadRecords:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def add(self, upload: Upload) -> None:
        """Keep it, its name sealed with the user's key; adding the same again changes nothing."""
        name = self._keyring.seal(upload.user_id, upload.name.text)
        with self._database.transaction(original_lock(upload.user_id, upload.sha256)):
            self._database.execute(
                f"INSERT INTO stage.uploads ({_COLUMNS}) "  # noqa: S608 - the columns are named above
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (upload_id) DO NOTHING",
                [
                    upload.upload_id,
                    upload.user_id,
                    upload.sha256,
                    upload.facts.media_type,
                    upload.facts.width,
                    upload.facts.height,
                    upload.size,
                    name,
                    upload.expires_at,
                    upload.job_id,
                ],
            )

    def find(self, user_id: UUID, upload_id: UUID) -> Upload | None:
        return self.find_many(user_id, [upload_id]).get(upload_id)

    def find_many(self, user_id: UUID, upload_ids: Collection[UUID]) -> dict[UUID, Upload]:
        """Those of these that are this user's, by id."""
        if not upload_ids:
            return {}
        found = self._uploads("upload_id = ANY(%s) AND user_id = %s", [list(upload_ids), user_id])
        return {upload.upload_id: upload for upload in found}

    def take_all(self, upload_ids: Collection[UUID], job_id: UUID) -> None:
        """Of several jobs that want one of them, one gets it; that one may ask again."""
        if upload_ids:
            self._database.put_off(Call(_TAKE, (array(set(upload_ids)), job_id)))

    def unused(self, *, limit: int) -> list[Upload]:
        """Those that expired longer than GRACE ago without a job, the oldest first."""
        return self._uploads(
            "job_id IS NULL AND expires_at <= clock_timestamp() - %s ORDER BY expires_at LIMIT %s",
            [GRACE, limit],
        )

    def forget(self, upload_ids: Collection[UUID], *, taken_by: UUID | None) -> None:
        self._database.execute(
            "DELETE FROM stage.uploads WHERE upload_id = ANY(%s) AND job_id IS NOT DISTINCT FROM %s",
            [list(upload_ids), taken_by],
        )

    def _uploads(self, condition: str, parameters: list[Any]) -> list[Upload]:
        statement = f"SELECT {_COLUMNS} FROM stage.uploads WHERE {condition}"  # noqa: S608 - written above
        with self._database.connection() as connection:
            return [self._upload(*row) for row in connection.execute(statement, parameters)]

    def _upload(
        self,
        upload_id: UUID,
        user_id: UUID,
        sha256: str,
        media_type: str,
        width: int,
        height: int,
        size: int,
        name: str,
        expires_at: Any,
        job_id: UUID | None,
    ) -> Upload:
        return Upload(
            upload_id=upload_id,
            user_id=user_id,
            sha256=sha256,
            facts=PhotoFacts(media_type, width, height),
            size=size,
            name=Sealed(name, self._keyring),
            expires_at=expires_at,
            job_id=job_id,
        )
