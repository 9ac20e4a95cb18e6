"""The security log as auditors and operators go through it, newest first."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.rows import TupleRow, class_row

from infrastructure.queries.jobs import NEWEST
from infrastructure.queries.reader import Reader


class EntryRow(Struct, frozen=True):
    entry_id: int
    recorded_at: datetime
    kind: str
    times: int
    route: str | None
    network: str | None
    claim_id: UUID | None
    user_id: UUID | None
    request_id: str | None


_COLUMNS: Final = """
    entry_id, recorded_at, kind, times, route, network::text AS network, claim_id, user_id, request_id
"""
_FILTERS: Final = {"kind": " AND kind = %(kind)s", "claim_id": " AND claim_id = %(claim_id)s"}


async def page(
    reader: Reader, *, before: int, limit: int, wanted: Mapping[str, Any | None]
) -> list[EntryRow]:
    """Entries before this one; `wanted` may have each key of _FILTERS."""
    statement, parameters = _asked(before, limit, wanted)
    return await reader.rows(EntryRow, statement, parameters)


def newest(
    connection: psycopg.Connection[TupleRow], *, limit: int, wanted: Mapping[str, Any | None]
) -> list[EntryRow]:
    """The same from the end of the log on, at a terminal."""
    statement, parameters = _asked(NEWEST, limit, wanted)
    with connection.cursor(row_factory=class_row(EntryRow)) as rows:
        return rows.execute(statement, parameters).fetchall()


def _asked(before: int, limit: int, wanted: Mapping[str, Any | None]) -> tuple[bytes, dict[str, Any]]:
    given = {name: value for name, value in wanted.items() if value is not None}
    return _statement(tuple(sorted(given))), {"before": before, "limit": limit, **given}


@cache
def _statement(filters: tuple[str, ...]) -> bytes:
    conditions = "".join(_FILTERS[name] for name in filters)
    return f"""
        SELECT {_COLUMNS} FROM stage.security_log WHERE entry_id < %(before)s{conditions}
        ORDER BY entry_id DESC LIMIT %(limit)s
    """.encode()  # noqa: S608 - constants
