"""Purchases and the money that moved, as the read models know them, for whoever compares them with Stripe's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infrastructure.postgres.database import Database
from infrastructure.queries.tables import statement

_STARTED = statement("""
    SELECT purchase_id FROM {purchases}
    WHERE started_at >= %(since)s AND started_at < %(until)s ORDER BY started_at, purchase_id
""")

_OF_USER = statement("SELECT purchase_id FROM {purchases} WHERE user_id = %(user_id)s ORDER BY position")

# Money that was refused is in the account all the same; it is no movement of our books.
_MOVED = statement("""
    SELECT kind, sum(amount)::bigint FROM {money_movements}
    WHERE kind <> 'payment_refused' AND recorded_at < %(until)s
      AND (%(since)s::timestamptz IS NULL OR recorded_at >= %(since)s)
    GROUP BY kind ORDER BY kind
""")


@dataclass(frozen=True)
class PostgresPurchaseRecords:
    database: Database

    def started_between(self, since: datetime, until: datetime) -> list[UUID]:
        """See application.payments.PurchaseRecords."""
        with self.database.connection() as connection:
            rows = connection.execute(_STARTED, {"since": since, "until": until}).fetchall()
        return [purchase_id for (purchase_id,) in rows]

    def of_user(self, user_id: UUID) -> list[UUID]:
        """See application.payments.PurchaseRecords."""
        with self.database.connection() as connection:
            rows = connection.execute(_OF_USER, {"user_id": user_id}).fetchall()
        return [purchase_id for (purchase_id,) in rows]

    def moved(self, since: datetime | None, until: datetime) -> dict[str, int]:
        """See application.payments.PurchaseRecords."""
        with self.database.connection() as connection:
            rows = connection.execute(_MOVED, {"since": since, "until": until}).fetchall()
        return dict(rows)
