"""Who a session's token belongs to, asked by every request of a signed-in user, and where they are signed in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from infrastructure.accounts.secrets import token_hash
from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement
from infrastructure.queries.together import Together


class Principal(Struct, frozen=True):
    """A signed-in user, or a program with a key of theirs."""

    user_id: UUID
    session_id: UUID | None
    roles: list[str]
    time_zone: str
    asked_at: datetime
    """By the database's clock."""
    key_id: UUID | None = None
    """Of the API key, if it is a program."""
    scopes: frozenset[str] = frozenset()
    """What that key may do."""


class _Session(Struct, frozen=True):
    token_hash: bytes
    user_id: UUID
    session_id: UUID
    roles: list[str]
    time_zone: str
    asked_at: datetime


# The read model can be a moment behind a registration; until it knows the user they are a plain one.
_SESSIONS = statement("""
    SELECT sessions.token_hash, sessions.user_id, sessions.session_id, coalesce(users.roles, '{{user}}') AS roles,
           coalesce(users.time_zone, 'UTC') AS time_zone, clock_timestamp() AS asked_at
    FROM stage.sessions LEFT JOIN {users} AS users USING (user_id)
    WHERE sessions.token_hash = ANY(%(token_hashes)s)
      AND sessions.revoked_at IS NULL AND sessions.expires_at > clock_timestamp()
      AND coalesce(users.status, 'active') = 'active'
""")


class Principals:
    """Looks every token up anew, so that a session which is over is over at once; many of them together."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._together = Together(self._of)

    async def find(self, token: str) -> Principal | None:
        """None unless the session is known, not over, and of a user who may act."""
        return await self._together.find(token_hash(token))

    async def _of(self, token_hashes: Sequence[bytes]) -> dict[bytes, Principal]:
        rows = await self._reader.rows(_Session, _SESSIONS, {"token_hashes": list(token_hashes)})
        return {
            row.token_hash: Principal(row.user_id, row.session_id, row.roles, row.time_zone, row.asked_at)
            for row in rows
        }


class SessionRow(Struct, frozen=True):
    """A device signed in."""

    session_id: UUID
    device: str
    created_at: datetime
    expires_at: datetime


_OF_USER = statement("""
    SELECT sessions.session_id, sessions.device, sessions.created_at, sessions.expires_at, keys.wrapped
    FROM stage.sessions LEFT JOIN stage.data_keys AS keys ON keys.key_id = sessions.user_id
    WHERE sessions.user_id = %(user_id)s
      AND sessions.revoked_at IS NULL AND sessions.expires_at > clock_timestamp()
    ORDER BY sessions.created_at DESC, sessions.session_id
    LIMIT 200
""")


async def sessions(reader: Reader, user_id: UUID) -> list[SessionRow]:
    """The newest 200 that are not over."""
    return await reader.rows(SessionRow, _OF_USER, {"user_id": user_id}, sealed=("device",))
