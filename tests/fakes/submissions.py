"""What a submission has to know, asked of the other fakes."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from application.ports import Before, Clock, Store, UploadRecords
from domain.credit_ledger import CreditLedger
from domain.photo_job import PhotoJob


@dataclass(frozen=True)
class MemorySubmissions:
    store: Store
    clock: Clock
    records: UploadRecords

    def before(self, job_id: UUID, *, user_id: UUID, uploads: Collection[UUID]) -> Before:
        return Before(
            now=self.clock.now(),
            job=self.store.find(PhotoJob, job_id),
            ledger=self.store.find(CreditLedger, CreditLedger.id_for(user_id)),
            uploads=self.records.find_many(user_id, uploads),
        )
