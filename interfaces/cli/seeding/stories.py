"""What seeded people do with their jobs, as data: together they show every state that a job can be in."""

from dataclasses import dataclass
from enum import Enum, auto

from domain.job_photo import Outcome

STAGED, REFUSED, FAILED, PENDING = Outcome.STAGED, Outcome.REFUSED, Outcome.FAILED, Outcome.PENDING


class Then(Enum):
    """What the owner does next."""

    NOTHING = auto()
    RENAME = auto()
    CANCEL = auto()
    DELETE = auto()
    RETRY = auto()
    VARY = auto()


@dataclass(frozen=True)
class Story:
    """One job, and another one that follows from it when it is retried or varied; that one goes well."""

    name: str
    outcomes: tuple[Outcome, ...]
    then: Then = Then.NOTHING

    @property
    def has_sequel(self) -> bool:
        return self.then in (Then.RETRY, Then.VARY)

    @property
    def unfinished(self) -> bool:
        """Whether a worker will go on with it."""
        return PENDING in self.outcomes and self.then is Then.NOTHING


STORIES = (
    Story("completed", (STAGED, STAGED, STAGED)),
    Story("retried", (FAILED, FAILED), Then.RETRY),
    Story("cancelled", (STAGED, PENDING, PENDING), Then.CANCEL),
    Story("renamed", (STAGED, STAGED), Then.RENAME),
    Story("deleted", (STAGED,), Then.DELETE),
    Story("completed in part", (STAGED, REFUSED, STAGED, FAILED)),
    Story("varied", (STAGED, STAGED), Then.VARY),
    Story("failed", (FAILED, REFUSED)),
    Story("deleted unfinished", (PENDING, PENDING), Then.DELETE),
    Story("processing", (STAGED, PENDING, PENDING)),
    Story("pending", (PENDING, PENDING)),
)
"""Unfinished ones last: from then on, a worker may change the same ledger."""
