"""Whose credits have expired, told from the projection, as the real one does."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.projections.credit_lots import PRESENT, CreditLotRow, CreditLots
from application.projections.fold import fold
from tests.fakes.world import World


@dataclass
class FoldedExpiringLots:
    world: World

    def owners_of_expired(self, now: datetime, *, limit: int) -> list[UUID]:
        first: dict[UUID, datetime] = {}
        for row in self._present():
            if row.expires_at and row.expires_at <= now and row.available + row.frozen:
                first[row.user_id] = min(first.get(row.user_id, row.expires_at), row.expires_at)
        return sorted(first, key=lambda user_id: (first[user_id], user_id))[:limit]

    def _present(self) -> list[CreditLotRow]:
        projection = CreditLots()
        rows: dict[tuple[UUID, int], CreditLotRow] = {}
        fold(projection, rows, (one for one in self.world.log if one.name in projection.events))
        return [row for row in rows.values() if row.until == PRESENT]
