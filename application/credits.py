"""Credits as operators and time change them; what jobs and payments do with them is the business of those."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.context import current
from application.ports import Clock, Store
from application.retrying import retried
from domain.credit_ledger import CreditLedger, checked_reason
from domain.lots import Source


@dataclass(frozen=True)
class Credits:
    """Each changes one ledger, and repeated under the same key it changes nothing.

    All raise NotFound for a user without a ledger, and Conflict when a key comes with other content.
    """

    store: Store
    clock: Clock

    @retried
    def grant_promo(
        self, lot_id: UUID, *, user_id: UUID, credits: int, reference: str, expires_at: datetime | None = None
    ) -> None:
        """Give a user credits. `reference` says why, and stays in the log for ever. Raises NotACreditAmount."""
        with self._changing(user_id) as ledger:
            ledger.grant(lot_id, Source.PROMO, credits, expires_at=expires_at, reference=reference)

    @retried
    def adjust(self, adjustment_id: UUID, *, user_id: UUID, credits: int, reason: str) -> None:
        """Give credits, or take available ones away when negative. The reason stays in the log for ever.

        Raises ReasonNeeded, NotACreditAmount for none at all, or InsufficientCredits when more would be taken
        than there is.
        """
        with self._changing(user_id) as ledger:
            if credits < 0:
                now, actor = self.clock.now(), current().actor
                ledger.take_away(adjustment_id, -credits, reason=reason, actor=actor, now=now)
            else:
                why = checked_reason(reason)
                ledger.grant(adjustment_id, Source.ADJUSTMENT, credits, reference=why)

    @retried
    def expire(self, user_id: UUID) -> None:
        """Record what has expired by now."""
        with self._changing(user_id) as ledger:
            ledger.expire(self.clock.now())

    @contextmanager
    def _changing(self, user_id: UUID) -> Iterator[CreditLedger]:
        ledger = self.store.get(CreditLedger, CreditLedger.id_for(user_id))
        yield ledger
        self.store.save(ledger)
