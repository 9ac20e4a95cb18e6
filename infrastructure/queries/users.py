"""A user's own profile, and all users as administrators go through them."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
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


class AccountRow(Struct, frozen=True):
    """References and counts only: nobody's name or address."""

    user_id: UUID
    status: str
    roles: list[str]
    email_verified: bool
    registered_at: datetime
    available: int
    held: int
    debt: int
    jobs: int
    unfinished: int
    position: int


# The page is found before anything is counted for those on it.
_PAGE: Final = """
    WITH page AS (
        SELECT users.user_id, users.status, users.roles, users.email_verified, users.registered_at, users.position
        FROM {{users}} AS users
        WHERE users.position < %(before)s{filters}
        ORDER BY users.position DESC LIMIT %(limit)s
    )
    SELECT page.user_id, page.status, page.roles, page.email_verified, page.registered_at, page.position,
           credits.available, credits.held, credits.debt, work.jobs, work.unfinished
    FROM page
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(lots.available) FILTER (
                   WHERE lots.expires_at IS NULL OR lots.expires_at > clock_timestamp()), 0)::bigint AS available,
               coalesce(sum(lots.held), 0)::bigint AS held, coalesce(sum(lots.debt), 0)::bigint AS debt
        FROM {{credit_lots}} AS lots
        WHERE lots.user_id = page.user_id AND lots.until = 9223372036854775807
    ) AS credits
    CROSS JOIN LATERAL (
        SELECT count(*) AS jobs, count(*) FILTER (WHERE jobs.ended_at IS NULL) AS unfinished
        FROM {{jobs}} AS jobs WHERE jobs.user_id = page.user_id
    ) AS work
    ORDER BY page.position DESC
"""
_FILTERS: Final = {
    "status": " AND users.status = %(status)s",
    "role": " AND users.roles <> '{{user}}' AND %(role)s = ANY(users.roles)",
    "claim_id": " AND users.user_id = (SELECT user_id FROM stage.credentials WHERE claim_id = %(claim_id)s)",
}


async def page(
    reader: Reader, *, before: int, limit: int, wanted: Mapping[str, Any | None]
) -> list[AccountRow]:
    """Those who registered before a position of the log, newest first; `wanted` may have each key of _FILTERS."""
    given = {name: value for name, value in wanted.items() if value is not None}
    parameters = {"before": before, "limit": limit, **given}
    return await reader.rows(AccountRow, _page(tuple(sorted(given))), parameters)


@cache
def _page(filters: tuple[str, ...]) -> bytes:
    return statement(_PAGE.format(filters="".join(_FILTERS[name] for name in filters)))
