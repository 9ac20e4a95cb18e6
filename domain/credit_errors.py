"""What can be wrong with a command to a credit ledger; each error carries the values that tell why."""

from uuid import UUID

from domain.errors import DomainError


class InsufficientCredits(DomainError):
    """Too few credits are available, or there is a debt, which a grant must repay before anything is held."""

    def __init__(self, *, needed: int, available: int, debt: int = 0) -> None:
        super().__init__(needed, available, debt)
        self.needed, self.available, self.debt = needed, available, debt


class NotACreditAmount(DomainError):
    """Credits are whole numbers above zero, and no more can be delivered than were held."""

    def __init__(self, credits: int) -> None:
        super().__init__(credits)
        self.credits = credits


class NotAPayment(DomainError):
    """What was paid, and what is paid back of it, are amounts above zero."""

    def __init__(self, amount: int, paid: int) -> None:
        super().__init__(amount, paid)
        self.amount, self.paid = amount, paid


class ReasonNeeded(DomainError):
    """Whoever adjusts a ledger says why, in so many characters at the most."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(length, limit)
        self.length, self.limit = length, limit


class HoldNotFound(DomainError):
    def __init__(self, job_id: UUID) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class PurchaseLotNotFound(DomainError):
    """The ledger has no such lot, or nobody paid for it."""

    def __init__(self, lot_id: UUID) -> None:
        super().__init__(lot_id)
        self.lot_id = lot_id


class ReversalNotFound(DomainError):
    def __init__(self, reversal_id: str) -> None:
        super().__init__(reversal_id)
        self.reversal_id = reversal_id


class DisputeNotFound(DomainError):
    def __init__(self, dispute_id: str) -> None:
        super().__init__(dispute_id)
        self.dispute_id = dispute_id
