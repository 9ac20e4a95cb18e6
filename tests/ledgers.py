"""Ledgers changed directly: what payments do to credits, without the payments."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from domain.credit_ledger import CreditLedger
from infrastructure.wiring import Container


@contextmanager
def changed(container: Container, user_id: UUID) -> Iterator[CreditLedger]:
    """The user's ledger, which is saved at the end."""
    ledger = container.store.get(CreditLedger, CreditLedger.id_for(user_id))
    yield ledger
    container.store.save(ledger)
