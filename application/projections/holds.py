"""Credits that are held now, by job: what waits for its job to end, and since when."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, by_stream, named, owner
from application.recorded import Recorded
from domain.credit_ledger import CreditLedger


class HoldRow(NamedTuple):
    job_id: UUID
    user_id: UUID
    credits: int
    held_at: datetime
    position: int


class Holds:
    """A hold has a row until it is settled."""

    table = Table("holds", 1, HoldRow, ("job_id",), by_stream(lambda row: CreditLedger.id_for(row.user_id)))
    events = named(CreditLedger.Held, CreditLedger.Settled)

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        return ((recorded.event.job_id,),) if isinstance(recorded.event, CreditLedger.Settled) else ()

    def evolve(self, rows: Mapping[Key, HoldRow], recorded: Recorded) -> Mapping[Key, HoldRow | None]:
        event = recorded.event
        if isinstance(event, CreditLedger.Settled):
            return {(rows[(event.job_id,)].job_id,): None}
        row = HoldRow(
            job_id=event.job_id,
            user_id=owner(recorded),
            credits=sum(event.lots.values()),
            held_at=recorded.recorded_at,
            position=recorded.position,
        )
        return {(event.job_id,): row}
