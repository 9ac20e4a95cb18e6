"""A user's purchases, with what became of each."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement


class PurchaseRow(Struct, frozen=True):
    """Amounts are in the currency's minor unit."""

    purchase_id: UUID
    offer: str
    quantity: int
    credits: int
    amount: int
    currency: str
    status: str
    receipt: str | None
    refunded: int
    lost: int
    disputed: int
    failure: str | None
    expires_at: datetime
    started_at: datetime
    paid_at: datetime | None
    version: int
    position: int


class _Customer(Struct, frozen=True):
    customer_id: str


_COLUMNS = """
    SELECT purchases.purchase_id, purchases.offer, purchases.quantity, purchases.credits, purchases.amount,
           purchases.currency, purchases.status, purchases.receipt, purchases.refunded, purchases.lost,
           purchases.disputed, purchases.failure, purchases.expires_at, purchases.started_at,
           purchases.paid_at, purchases.version, purchases.position, keys.wrapped
    FROM {purchases} AS purchases LEFT JOIN stage.data_keys AS keys ON keys.key_id = purchases.user_id
"""

_ONE = statement(
    _COLUMNS + "WHERE purchases.user_id = %(user_id)s AND purchases.purchase_id = %(purchase_id)s"
)
# A checkout that was never paid was no purchase.
_PAID = statement(
    _COLUMNS
    + """
    WHERE purchases.user_id = %(user_id)s AND purchases.paid_at IS NOT NULL AND purchases.position < %(before)s
    ORDER BY purchases.position DESC LIMIT %(limit)s
"""
)

_CUSTOMER = statement("""
    SELECT purchases.customer_id FROM {purchases} AS purchases
    WHERE purchases.user_id = %(user_id)s AND purchases.paid_at IS NOT NULL AND purchases.customer_id IS NOT NULL
    ORDER BY purchases.position DESC LIMIT 1
""")


async def one(reader: Reader, user_id: UUID, purchase_id: UUID) -> PurchaseRow | None:
    return await reader.row(
        PurchaseRow, _ONE, {"user_id": user_id, "purchase_id": purchase_id}, sealed=("receipt",)
    )


async def paid(reader: Reader, user_id: UUID, *, before: int, limit: int) -> list[PurchaseRow]:
    """Those before a position of the log, newest first."""
    return await reader.rows(
        PurchaseRow, _PAID, {"user_id": user_id, "before": before, "limit": limit}, sealed=("receipt",)
    )


async def customer(reader: Reader, user_id: UUID) -> str | None:
    """How the payment provider knows a user; None if they never paid for anything."""
    row = await reader.row(_Customer, _CUSTOMER, {"user_id": user_id})
    return row.customer_id if row else None
