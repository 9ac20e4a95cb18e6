"""Password hashes in PostgreSQL, beside the event log and never in it."""

from uuid import UUID

from application.ports import Credential
from infrastructure.postgres.database import Database


class PostgresCredentials:
    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, claim_id: UUID, credential: Credential) -> None:
        """Keep the user's one credential, in place of an earlier one of theirs or of the mailbox."""
        with self._database.transaction():
            self._database.execute(
                "DELETE FROM stage.credentials WHERE claim_id = %s AND user_id <> %s",
                [claim_id, credential.user_id],
            )
            self._database.execute(
                """
                INSERT INTO stage.credentials (user_id, claim_id, password_hash) VALUES (%s, %s, %s)
                ON CONFLICT (user_id) DO UPDATE
                SET claim_id = excluded.claim_id, password_hash = excluded.password_hash
                """,
                [credential.user_id, claim_id, credential.password_hash],
            )

    def find(self, claim_id: UUID) -> Credential | None:
        row = self._database.one(
            "SELECT user_id, password_hash FROM stage.credentials WHERE claim_id = %s", [claim_id]
        )
        return Credential(*row) if row else None
