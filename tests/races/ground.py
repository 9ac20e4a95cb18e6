"""Where races are run: a real PostgreSQL, acts that begin together, and what must hold after each of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

from application.projections.registry import PROJECTIONS
from application.recorded import Recorded
from domain.brief import Brief, Preset
from domain.credit_ledger import CreditLedger
from domain.job_photo import JobStatus, Provenance
from domain.personal import Personal
from domain.photo_job import PhotoJob
from infrastructure.event_store.reader import LogReader
from infrastructure.projections.engine import Projector
from infrastructure.wiring import Container
from tests.fakes.accounts import CheapPasswords
from tests.fakes.darkroom import MarkedDarkroom, a_photo

ENHANCE = Brief(Preset.ENHANCE)
END = 2**62
"""A position beyond every event."""

Act = Callable[[], Any]


@dataclass(frozen=True)
class Ground:
    container: Container

    def user(self, *, credits: int) -> UUID:
        """Somebody with so many credits."""
        user_id = uuid4()
        accounts = replace(self.container.accounts, passwords=CheapPasswords())
        accounts.register(
            user_id,
            email=Personal(f"{user_id}@example.com"),
            password="long enough to do",
            name=Personal("Ann"),
        )
        self.container.credits.grant_promo(uuid4(), user_id=user_id, credits=credits, reference="a race")
        return user_id

    def uploads(self, user_id: UUID, count: int) -> list[UUID]:
        """So many different photos, sent and waiting."""
        ids = [uuid4() for _ in range(count)]
        for upload_id in ids:
            self.send(user_id, upload_id, a_photo(str(upload_id)))
        return ids

    def send(self, user_id: UUID, upload_id: UUID, photo: bytes) -> None:
        uploads = replace(self.container.uploads, darkroom=MarkedDarkroom())
        uploads.add(upload_id, user_id=user_id, name="room.jpg", photo=photo)

    def submit(self, user_id: UUID, upload_ids: Sequence[UUID], job_id: UUID | None = None) -> UUID:
        job_id = job_id or uuid4()
        self.container.jobs.submit(job_id, user_id=user_id, photos=upload_ids, brief=ENHANCE)
        return job_id

    def deliver(self, job_id: UUID, photo_id: UUID) -> None:
        """The stager is done with a photo."""
        provenance = Provenance("marked", "1", input_sha256="aa", output_sha256="bb", milliseconds=5)
        self.container.jobs.record_staged(job_id, photo_id, "bb", "image/jpeg", provenance)

    def job(self, job_id: UUID) -> PhotoJob:
        return self.container.store.get(PhotoJob, job_id)

    def ledger(self, user_id: UUID) -> CreditLedger:
        return self.container.store.get(CreditLedger, CreditLedger.id_for(user_id))

    def available(self, user_id: UUID) -> int:
        return self.ledger(user_id).available(self.container.database.now())

    def log(self, names: frozenset[str] | None = None) -> list[Recorded]:
        with self.container.database.connection() as connection:
            return LogReader(self.container.mapper).read(
                connection, after=0, upto=END, names=names, limit=100_000
            )

    def catch_up(self) -> None:
        """Fold the whole log into the read models, anew."""
        log = self.log()
        with self.container.database.connection() as connection, connection.transaction():
            for projector in map(Projector, PROJECTIONS):
                connection.execute(f"TRUNCATE read_models.{projector.name}")
                projector.consume(connection, [one for one in log if one.name in (projector.events or ())])

    def check(self) -> None:
        """What holds after whatever race, told from the whole log."""
        log = self.log()
        jobs = [self.job(one.stream_id) for one in log if one.name == "PhotoJob.Submitted"]
        settled = Counter(one.event.job_id for one in log if one.name == "CreditLedger.Settled")
        for job in jobs:
            assert settled[job.id] == (1 if job.ended else 0), (
                f"job {job.id} was settled {settled[job.id]} times"
            )
        for opened in log:
            if opened.name == "CreditLedger.Opened":
                self._check_ledger(opened.event.user_id, jobs)

    def _check_ledger(self, user_id: UUID, jobs: Sequence[PhotoJob]) -> None:
        ledger = self.ledger(user_id)
        for lot in ledger.lots.values():
            parts = (lot.available, lot.held, lot.frozen, lot.spent, lot.expired, lot.taken_back)
            assert min(parts) >= 0, f"a part of lot {lot.id} is below zero: {parts}"
            assert sum(parts) == lot.credits, f"lot {lot.id} of {lot.credits} credits has {parts}"
        own = [job for job in jobs if job.user_id == user_id]
        held = {job.id: len(job.photos) for job in own if not job.ended}
        assert {job_id: sum(lots.values()) for job_id, lots in ledger.holds.items()} == held
        spent = sum(lot.spent for lot in ledger.lots.values())
        assert spent == sum(job.delivered for job in own if job.ended), "delivered is spent, nothing else is"
        assert all(job.delivered == 0 for job in own if job.ended is JobStatus.FAILED)


def at_once(*acts: Act) -> list[Any]:
    """Begin all acts at the same moment; what each returned or raised, in their order."""
    start = Barrier(len(acts))

    def run(act: Act) -> Any:
        start.wait()
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - what it is, the test decides
            return error

    with ThreadPoolExecutor(max_workers=len(acts)) as racers:
        return list(racers.map(run, acts))


def raised(outcomes: Sequence[Any]) -> list[type[Exception]]:
    """Of what class the errors among these outcomes are."""
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
