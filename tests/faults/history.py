"""All that an installation has recorded, read at once, and what became of each photo."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from application.recorded import Recorded
from domain.job_photo import Outcome
from domain.photo_job import PhotoJob
from domain.user import User
from infrastructure.event_store.reader import LogReader
from tests.faults.installation import Installation

END = 2**62
"""A position beyond every event."""
ENDINGS = (PhotoJob.Completed, PhotoJob.Failed, PhotoJob.Cancelled)
RESOLVED = {
    PhotoJob.PhotoStaged: Outcome.STAGED,
    PhotoJob.PhotoRefused: Outcome.REFUSED,
    PhotoJob.PhotoFailed: Outcome.FAILED,
}
"""Which outcome an event of a photo is."""


@dataclass(frozen=True)
class History:
    """All that was recorded, and in which transaction."""

    log: list[Recorded]
    transactions: Mapping[int, str]
    """By position."""

    def of(self, *kinds: type) -> Iterator[Recorded]:
        return (recorded for recorded in self.log if isinstance(recorded.event, kinds))

    def together(self, one: Recorded, other: Recorded) -> bool:
        return self.transactions[one.position] == self.transactions[other.position]


def read(installation: Installation) -> History:
    with installation.container.database.connection() as connection:
        reader = LogReader(installation.container.mapper)
        log = reader.read(connection, after=0, upto=END, limit=END)
        transactions = connection.execute("SELECT position, xmin::text FROM event_store.events").fetchall()
    return History(log, dict(transactions))


def outcomes(history: History) -> dict[UUID, list[Recorded]]:
    """The events that gave each photo its outcome."""
    found: dict[UUID, list[Recorded]] = defaultdict(list)
    for recorded in history.of(*RESOLVED):
        found[recorded.event.photo_id].append(recorded)
    for recorded in history.of(PhotoJob.Cancelled):
        for photo_id in recorded.event.photo_ids:
            found[photo_id].append(recorded)
    return found


def given_up(history: History) -> set[UUID]:
    """Jobs whose pictures must be gone: deleted ones, and those of users who were erased."""
    erased = {recorded.stream_id for recorded in history.of(User.Erased)}
    theirs = {job.stream_id for job in history.of(PhotoJob.Submitted) if job.owner in erased}
    return theirs | {recorded.stream_id for recorded in history.of(PhotoJob.Deleted)}
