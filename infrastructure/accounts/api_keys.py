"""API keys in PostgreSQL: recognisable by how they begin, kept as hashes, and gone once revoked."""

from typing import Final
from uuid import UUID

from application.ports import ApiKey
from infrastructure.accounts.secrets import TOKEN_LENGTH, new_token, token_hash
from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.database import Database

MARK: Final = "sis_"
"""How every key begins, so that whoever finds one somewhere knows whose it is. A session's token may begin so too,
but is shorter."""
SHOWN: Final = 6
"""Characters after the mark by which users recognise a key; more than two hundred random bits stay unknown."""


def is_api_key(token: str) -> bool:
    """Whether it can be one, and so cannot be a session's token."""
    return len(token) == len(MARK) + TOKEN_LENGTH and token.startswith(MARK)


class PostgresApiKeys:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def issue(self, key: ApiKey) -> str | None:
        """A new key; its name is sealed with the user's key."""
        issued = MARK + new_token()
        row = self._database.one(
            """
            INSERT INTO stage.api_keys (key_id, user_id, key_hash, name, prefix, scopes, expires_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (key_id) DO NOTHING RETURNING key_id
            """,
            [
                key.key_id,
                key.user_id,
                token_hash(issued),
                self._keyring.seal(key.user_id, key.name.text),
                prefix(issued),
                sorted(key.scopes),
                key.expires_at,
            ],
        )
        return issued if row else None

    def count(self, user_id: UUID) -> int:
        row = self._database.one("SELECT count(*) FROM stage.api_keys WHERE user_id = %s", [user_id])
        return int(row[0]) if row else 0

    def revoke(self, user_id: UUID, key_id: UUID) -> bool:
        """Whether the user had such a key, which is gone now on whatever process it is shown to next."""
        statement = "DELETE FROM stage.api_keys WHERE key_id = %s AND user_id = %s"
        return self._database.execute(statement, [key_id, user_id]) > 0

    def revoke_all(self, user_id: UUID) -> None:
        self._database.execute("DELETE FROM stage.api_keys WHERE user_id = %s", [user_id])


def prefix(key: str) -> str:
    """By which its user recognises it."""
    return key[: len(MARK) + SHOWN]
