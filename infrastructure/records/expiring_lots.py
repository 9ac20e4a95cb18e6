"""Whose credits have expired, asked of the read model of lots."""

from datetime import datetime
from uuid import UUID

from psycopg import sql

from application.projections.credit_lots import CreditLots
from infrastructure.postgres.database import Database
from infrastructure.projections.rows import READ_MODELS

_EXPIRED = sql.SQL("""
    SELECT user_id FROM {lots}
    WHERE until = 9223372036854775807 AND available + frozen > 0 AND expires_at <= %s
    GROUP BY user_id ORDER BY min(expires_at), user_id LIMIT %s
""").format(lots=sql.Identifier(READ_MODELS, CreditLots.table.versioned_name))


class PostgresExpiringLots:
    def __init__(self, database: Database) -> None:
        self._database = database

    def owners_of_expired(self, now: datetime, *, limit: int) -> list[UUID]:
        with self._database.connection() as connection:
            return [user_id for (user_id,) in connection.execute(_EXPIRED, [now, limit])]
