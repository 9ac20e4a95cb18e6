"""What is kept of users beside the log, and how all of it is forgotten when one of them is erased."""

from typing import Final
from uuid import UUID

from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.database import Database

_FORGET: Final = {
    "credentials": "DELETE FROM stage.credentials WHERE user_id = %s",
    "sessions": "DELETE FROM stage.sessions WHERE user_id = %s",
    "api_keys": "DELETE FROM stage.api_keys WHERE user_id = %s",
    "tokens": "DELETE FROM stage.tokens WHERE user_id = %s",
    "uploads": "DELETE FROM stage.uploads WHERE user_id = %s",
    # Their deliveries, and the attempts at those, go with them.
    "webhook_endpoints": "DELETE FROM stage.webhook_endpoints WHERE user_id = %s",
}


class PostgresTraces:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def forget(self, user_id: UUID) -> None:
        """See application.ports.Traces. Answers that were kept go within a day, and cannot be opened until then."""
        with self._database.transaction():
            for statement in _FORGET.values():
                self._database.execute(statement, [user_id])
            self._keyring.destroy(user_id)
