"""Credits that operators give away; what users buy and use is the business of purchases and jobs."""

from dataclasses import dataclass
from uuid import UUID

from application.ports import Store
from application.retrying import retried
from domain.credit_ledger import CreditLedger
from domain.lots import Source


@dataclass(frozen=True)
class Credits:
    store: Store

    @retried
    def grant_promo(self, lot_id: UUID, *, user_id: UUID, credits: int, reference: str) -> None:
        """Give a user credits; repeated with the same lot, it changes nothing.

        `reference` says why, and stays in the log for ever. Raises NotFound, NotACreditAmount or Conflict.
        """
        ledger = self.store.get(CreditLedger, CreditLedger.id_for(user_id))
        ledger.grant(lot_id, Source.PROMO, credits, reference=reference)
        self.store.save(ledger)
