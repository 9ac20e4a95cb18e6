"""A user's own profile."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement


class UserRow(Struct, frozen=True):
    user_id: UUID
    email: str
    name: str
    email_verified: bool
    roles: list[str]
    time_zone: str
    registered_at: datetime
    version: int


_USER = statement("""
    SELECT users.user_id, users.email, users.name, users.email_verified, users.roles, users.time_zone,
           users.registered_at, users.version, keys.wrapped
    FROM {users} AS users LEFT JOIN stage.data_keys AS keys ON keys.key_id = users.user_id
    WHERE users.user_id = %(user_id)s
""")


async def user(reader: Reader, user_id: UUID) -> UserRow | None:
    return await reader.row(UserRow, _USER, {"user_id": user_id}, sealed=("email", "name"))
