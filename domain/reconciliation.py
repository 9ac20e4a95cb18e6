"""A comparison of our purchases with the payment provider's, both ways: what differed, and what was done."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from eventsourcing.domain import event

from domain.aggregate import Aggregate


class Finding(StrEnum):
    """In what the two differed."""

    MESSAGE_MISSED = "message_missed"
    """The provider sent a message that never arrived."""
    NOT_RECORDED = "not_recorded"
    """Something happened to the money that we had not recorded."""
    PAYMENT_REFUSED = "payment_refused"
    """Money came that does not fit what was sold."""
    UNKNOWN_HERE = "unknown_here"
    """The provider has a checkout in our name for a purchase that we do not know."""
    UNKNOWN_THERE = "unknown_there"
    """We have a purchase that the provider has no checkout for."""


class Resolution(StrEnum):
    """What was done about it."""

    KEPT = "kept"
    """The message was appended, and is followed up like any other."""
    RECORDED = "recorded"
    EXPIRED = "expired"
    """The purchase was ended: nobody can pay for it any more."""
    WAITING = "waiting"
    """It may still come right by itself."""
    LEFT = "left_to_an_operator"


@dataclass(frozen=True)
class Difference:
    finding: str
    reference: str
    """The provider's id of what it is about, or ours where the provider has none."""
    purchase_id: UUID | None
    detail: str
    resolution: str


@dataclass(frozen=True)
class Totals:
    """Amounts in cents. The first three are our books; the last two are the purchases that were compared."""

    opening: int
    movements: dict[str, int]
    closing: int
    compared: int
    ours: int
    theirs: int


class Reconciliation(Aggregate):
    """One run; nobody's, since it is about all users, whom it names only by the ids of their purchases."""

    class Began(Aggregate.Created):
        since: datetime
        until: datetime

    class DifferenceFound(Aggregate.Event):
        finding: str
        reference: str
        purchase_id: UUID | None
        detail: str
        resolution: str

    class Completed(Aggregate.Event):
        opening: int
        movements: dict[str, int]
        closing: int
        compared: int
        ours: int
        theirs: int

    @classmethod
    def begin(cls, reconciliation_id: UUID, *, since: datetime, until: datetime) -> "Reconciliation":
        begun: Reconciliation = cls._create(cls.Began, id=reconciliation_id, since=since, until=until)
        return begun

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since = since
        self.until = until
        self.differences: list[Difference] = []
        self.totals: Totals | None = None

    @property
    def owner(self) -> None:
        return None

    def find(
        self,
        finding: Finding,
        reference: str,
        *,
        purchase_id: UUID | None,
        detail: str,
        resolution: Resolution,
    ) -> None:
        """Record a difference and what was done about it."""
        self._difference_found(finding.value, reference, purchase_id, detail, resolution.value)

    def complete(self, totals: Totals) -> None:
        """The end. Repeated, it changes nothing."""
        if self.totals is None:
            self._completed(
                totals.opening,
                totals.movements,
                totals.closing,
                totals.compared,
                totals.ours,
                totals.theirs,
            )

    @event(DifferenceFound)
    def _difference_found(
        self, finding: str, reference: str, purchase_id: UUID | None, detail: str, resolution: str
    ) -> None:
        self.differences.append(Difference(finding, reference, purchase_id, detail, resolution))

    @event(Completed)
    def _completed(
        self, opening: int, movements: dict[str, int], closing: int, compared: int, ours: int, theirs: int
    ) -> None:
        self.totals = Totals(opening, movements, closing, compared, ours, theirs)
