"""What a submission has to know, in one question: by far the most of what it takes are the ways to the database."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from application.photos import PhotoFacts
from application.ports import Before, Upload
from domain.credit_ledger import CreditLedger
from domain.photo_job import PhotoJob
from infrastructure.event_store.keyring import Keyring, Sealed
from infrastructure.event_store.store import EventSourcedStore, history
from infrastructure.postgres.connecting import array
from infrastructure.postgres.database import Database

_NOW, _KEY, _UPLOAD, _JOB, _LEDGER = range(5)

# The columns are those of a history. Rows of tables come as JSON, which costs less than columns of their own.
_BEFORE: Final = f"""
    SELECT {_NOW}, NULL::boolean AS kept, NULL::bigint AS version, NULL::text AS topic,
           convert_to(to_json(clock_timestamp())::text, 'UTF8') AS state
    UNION ALL
    SELECT {_KEY}, NULL, NULL, NULL, wrapped FROM stage.data_keys WHERE key_id = %(user_id)s
    UNION ALL
    SELECT {_UPLOAD}, NULL, NULL, NULL, convert_to(row_to_json(uploads)::text, 'UTF8')
    FROM stage.uploads WHERE upload_id = ANY(%(uploads)s::uuid[]) AND user_id = %(user_id)s
    UNION ALL
    SELECT {_JOB}, job.* FROM ({history("job_")}) AS job
    UNION ALL
    SELECT {_LEDGER}, ledger.* FROM ({history("ledger_")}) AS ledger
    ORDER BY 1, 3
"""  # noqa: S608 - nothing comes from outside


class _Row(msgspec.Struct, frozen=True):
    upload_id: UUID
    user_id: UUID
    sha256: str
    media_type: str
    width: int
    height: int
    size: int
    name: str
    expires_at: datetime
    job_id: UUID | None


_upload = msgspec.json.Decoder(_Row)
_moment = msgspec.json.Decoder(datetime)


class PostgresSubmissions:
    def __init__(self, database: Database, store: EventSourcedStore, keyring: Keyring) -> None:
        self._database = database
        self._store = store
        self._keyring = keyring

    def before(self, job_id: UUID, *, user_id: UUID, uploads: Collection[UUID]) -> Before:
        """See application.ports.Submissions. The user's key comes along, since the job will be sealed with it."""
        job = self._store.search(PhotoJob, job_id)
        ledger = self._store.search(CreditLedger, CreditLedger.id_for(user_id))
        asked = {
            "user_id": user_id,
            "uploads": array(uploads),
            **job.parameters("job_"),
            **ledger.parameters("ledger_"),
        }
        rows: list[list[tuple[bool, int, str, bytes]]] = [[], [], [], [], []]
        with self._database.reading() as connection:
            for of, *row in connection.execute(_BEFORE, asked, binary=True):
                rows[of].append((row[0], row[1], row[2], row[3]))
        for _, _, _, wrapped in rows[_KEY]:
            self._keyring.learn(user_id, wrapped)
        found = [self._upload(_upload.decode(state)) for _, _, _, state in rows[_UPLOAD]]
        return Before(
            now=_moment.decode(rows[_NOW][0][3]),
            job=job.found(rows[_JOB]),
            ledger=ledger.found(rows[_LEDGER]),
            uploads={upload.upload_id: upload for upload in found},
        )

    def _upload(self, row: _Row) -> Upload:
        return Upload(
            upload_id=row.upload_id,
            user_id=row.user_id,
            sha256=row.sha256,
            facts=PhotoFacts(row.media_type, row.width, row.height),
            size=row.size,
            name=Sealed(row.name, self._keyring),
            expires_at=row.expires_at,
            job_id=row.job_id,
        )
