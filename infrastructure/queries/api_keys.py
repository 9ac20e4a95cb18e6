"""Whose program an API key belongs to, asked by every request that comes with one, and which keys a user has."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from infrastructure.accounts.secrets import token_hash
from infrastructure.queries.reader import Reader
from infrastructure.queries.sessions import Principal
from infrastructure.queries.tables import statement
from infrastructure.queries.together import Together


class _Key(Struct, frozen=True):
    key_hash: bytes
    user_id: UUID
    key_id: UUID
    scopes: list[str]
    roles: list[str]
    time_zone: str
    asked_at: datetime


# That a key is used is written down once a minute; otherwise this only reads.
_HOLDERS: Final = statement("""
    WITH used AS (
        UPDATE stage.api_keys SET last_used_at = clock_timestamp()
        WHERE key_hash = ANY(%(key_hashes)s)
          AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')
    )
    SELECT keys.key_hash, keys.user_id, keys.key_id, keys.scopes, coalesce(users.roles, '{{user}}') AS roles,
           coalesce(users.time_zone, 'UTC') AS time_zone, clock_timestamp() AS asked_at
    FROM stage.api_keys AS keys LEFT JOIN {users} AS users USING (user_id)
    WHERE keys.key_hash = ANY(%(key_hashes)s)
      AND (keys.expires_at IS NULL OR keys.expires_at > clock_timestamp())
      AND coalesce(users.status, 'active') = 'active'
""")


class KeyHolders:
    """As Principals does it for sessions: every key is looked up anew, many of them together."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._together = Together(self._of)

    async def find(self, key: str) -> Principal | None:
        """None unless the key is known, not over, and of a user who may act."""
        return await self._together.find(token_hash(key))

    async def _of(self, key_hashes: Sequence[bytes]) -> dict[bytes, Principal]:
        rows = await self._reader.rows(_Key, _HOLDERS, {"key_hashes": list(key_hashes)})
        return {
            row.key_hash: Principal(
                user_id=row.user_id,
                session_id=None,
                roles=row.roles,
                time_zone=row.time_zone,
                asked_at=row.asked_at,
                key_id=row.key_id,
                scopes=frozenset(row.scopes),
            )
            for row in rows
        }


class KeyRow(Struct, frozen=True):
    key_id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


_OF_USER: Final = b"""
    SELECT mine.key_id, mine.name, mine.prefix, mine.scopes, mine.created_at, mine.last_used_at, mine.expires_at,
           keys.wrapped
    FROM stage.api_keys AS mine LEFT JOIN stage.data_keys AS keys ON keys.key_id = mine.user_id
    WHERE mine.user_id = %(user_id)s
    ORDER BY mine.created_at DESC, mine.key_id
"""


async def api_keys(reader: Reader, user_id: UUID) -> list[KeyRow]:
    """All that the user has, the newest first."""
    return await reader.rows(KeyRow, _OF_USER, {"user_id": user_id}, sealed=("name",))
