"""The read side's connections: asynchronous, pooled, rows straight into Structs, sealed texts opened."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct
from psycopg import Column, OperationalError, postgres
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.connecting import RECONNECTION, bounded

PATIENCE = 3.0
"""Seconds to wait for a free connection; whoever waits longer is told that the database is away."""

_TIMESTAMPTZ = postgres.types["timestamptz"].oid

Row = TypeVar("Row", bound=Struct)
Parameters = Mapping[str, Any] | None
Timed = Callable[[str, float], None]


def _not_timed(_rows: str, _seconds: float) -> None:
    """Nobody wants to know."""


class Reader:
    """Runs queries. A connection that broke while it lay idle is noticed by asking once more."""

    def __init__(self, url: str, keyring: Keyring, *, size: int, timed: Timed = _not_timed) -> None:
        """`timed` hears of each query what shape of rows it reads, and the seconds that it took."""
        self._keyring = keyring
        self._timed = timed
        self._layouts: dict[tuple[bytes, type[Struct]], _Layout[Any]] = {}
        self.pool = AsyncConnectionPool(
            bounded(url),
            min_size=1,
            max_size=size,
            open=False,
            kwargs={"autocommit": True, "prepare_threshold": 2},
            timeout=PATIENCE,
            reconnect_timeout=RECONNECTION,
            reconnect_failed=AsyncConnectionPool.check,
            name="queries",
        )

    async def open(self) -> None:
        """Begin to connect. The pool keeps trying when the database is away."""
        await self.pool.open()

    async def close(self) -> None:
        await self.pool.close()

    async def rows(
        self, shape: type[Row], statement: bytes, parameters: Parameters = None, *, sealed: Sequence[str] = ()
    ) -> list[Row]:
        """The rows as Structs, columns by name.

        `sealed` names the columns that hold sealed texts; the row's `wrapped` key, selected beside them and
        not part of the Struct, opens them. Raises psycopg's OperationalError when the database is away.
        """
        try:
            return await self._rows(shape, statement, parameters, sealed)
        except PoolTimeout:
            raise
        except OperationalError:  # as all idle connections are after a restart of the server
            await self.pool.check()
        return await self._rows(shape, statement, parameters, sealed)

    async def row(
        self, shape: type[Row], statement: bytes, parameters: Parameters = None, *, sealed: Sequence[str] = ()
    ) -> Row | None:
        """The first row, or None."""
        found = await self.rows(shape, statement, parameters, sealed=sealed)
        return found[0] if found else None

    async def _rows(
        self, shape: type[Row], statement: bytes, parameters: Parameters, sealed: Sequence[str]
    ) -> list[Row]:
        began = time.perf_counter()
        connection = await self.pool.getconn()
        try:
            cursor = await connection.execute(statement, parameters, binary=True)
            found = await cursor.fetchall()
            if (layout := self._layouts.get((statement, shape))) is None:
                layout = self._layouts[statement, shape] = _Layout(shape, cursor.description or [], sealed)
        finally:
            await self.pool.putconn(connection)
        self._timed(shape.__name__, time.perf_counter() - began)
        return layout.rows(found, self._keyring)


class _Layout(Generic[Row]):
    """Where in a statement's rows everything is; found out once."""

    def __init__(self, shape: type[Row], columns: Sequence[Column], sealed: Sequence[str]) -> None:
        places = {column.name: place for place, column in enumerate(columns)}
        self._shape = shape
        self._fields = [places[name] for name in shape.__struct_fields__]
        self._times = [place for place, column in enumerate(columns) if column.type_code == _TIMESTAMPTZ]
        self._texts = [places[name] for name in sealed]
        self._wrapped = places.get("wrapped", -1)

    def rows(self, found: Iterable[Sequence[Any]], keyring: Keyring) -> list[Row]:
        shape, fields, times, texts = self._shape, self._fields, self._times, self._texts
        rows = []
        for values in map(list, found):
            for place in times:
                values[place] = _in_utc(values[place])
            for place in texts:
                if values[place] is not None:
                    values[place] = keyring.open_wrapped(values[self._wrapped], values[place])
            rows.append(shape(*[values[place] for place in fields]))
        return rows


def _in_utc(moment: datetime | None) -> datetime | None:
    """Times come in the time zone of the database's session."""
    return moment if moment is None or moment.tzinfo is UTC else moment.astimezone(UTC)
