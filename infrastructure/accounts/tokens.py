"""Mailed tokens in PostgreSQL: hashed, bound to one purpose, and gone once used."""

from datetime import timedelta
from uuid import UUID

from application.errors import TokenInvalid
from infrastructure.accounts.secrets import new_token, token_hash
from infrastructure.postgres.database import Database


class PostgresTokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(self, purpose: str, user_id: UUID, lifetime: timedelta) -> str:
        """A new token; earlier ones stay good, since mails overtake each other."""
        token = new_token()
        self._database.execute(
            """
            INSERT INTO stage.tokens (token_hash, purpose, user_id, expires_at)
            VALUES (%s, %s, %s, clock_timestamp() + %s)
            """,
            [token_hash(token), purpose, user_id, lifetime],
        )
        return token

    def redeem(self, purpose: str, token: str) -> UUID:
        """The user it was issued to; of several who try at once, one succeeds. Raises TokenInvalid."""
        row = self._database.one(
            """
            DELETE FROM stage.tokens
            WHERE token_hash = %s AND purpose = %s AND expires_at > clock_timestamp()
            RETURNING user_id
            """,
            [token_hash(token), purpose],
        )
        if row is None:
            raise TokenInvalid
        user_id: UUID = row[0]
        return user_id

    def withdraw(self, purpose: str, user_id: UUID) -> None:
        """Forget all that were issued to the user for this purpose."""
        self._database.execute(
            "DELETE FROM stage.tokens WHERE user_id = %s AND purpose = %s", [user_id, purpose]
        )
