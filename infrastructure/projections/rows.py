"""A read model's rows in PostgreSQL: loaded by key, and replaced in bulk."""

from collections.abc import Collection, Iterable
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from application.projections.projection import Key, Table
from infrastructure.projections.columns import Columns

READ_MODELS = "read_models"
"""The schema that queries read."""
SHADOW = "shadow"
"""The schema in which read models are rebuilt."""


class StoredRows:
    """The rows of one table, in `read_models` or in any other schema with a table of the same shape.

    Rows are replaced by deleting those that were there and copying in those that are there now: from some
    twenty rows on it is the fastest way there is, one statement for any kind of column, and a row that was
    said to be new but is not raises UniqueViolation instead of overwriting what nobody has looked at.
    """

    def __init__(self, table: Table, schema: str = READ_MODELS) -> None:
        self._columns = Columns(table.row)
        self._key = [table.columns.index(column) for column in table.key]
        self._types: list[int] = []
        names = {
            "table": sql.Identifier(schema, table.versioned_name),
            "columns": sql.SQL(", ").join(map(sql.Identifier, table.columns)),
            "key": sql.SQL(", ").join(map(sql.Identifier, table.key)),
            "keys": sql.SQL(", ").join(sql.SQL("%b") for _ in table.key),
            "same": sql.SQL(" AND ").join(
                sql.SQL("stored.{0} = wanted.{0}").format(sql.Identifier(column)) for column in table.key
            ),
        }
        self._shape = sql.SQL("SELECT {columns} FROM {table} LIMIT 0").format(**names)
        self._load = sql.SQL(
            "SELECT {columns} FROM {table} JOIN unnest({keys}) AS wanted ({key}) USING ({key})"
        ).format(**names)
        self._delete = sql.SQL(
            "DELETE FROM {table} AS stored USING unnest({keys}) AS wanted ({key}) WHERE {same}"
        ).format(**names)
        self._copy = sql.SQL("COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)").format(**names)

    def load(self, connection: Connection[TupleRow], keys: Collection[Key]) -> dict[Key, Any]:
        """Those of these rows that exist, by key."""
        if not keys:
            return {}
        with connection.cursor(binary=True) as cursor:
            rows = cursor.execute(self._load, _by_column(keys)).fetchall()
        return {tuple(row[index] for index in self._key): self._columns.row(row) for row in rows}

    def replace(self, connection: Connection[TupleRow], gone: Collection[Key], rows: Collection[Any]) -> None:
        """Delete the rows with the keys `gone`, then add `rows`. Raises ClearText or UniqueViolation."""
        if gone:
            connection.execute(self._delete, _by_column(gone))
        if rows:
            self.add(connection, rows)

    def add(self, connection: Connection[TupleRow], rows: Iterable[Any]) -> None:
        """Copy these rows in. Raises ClearText or UniqueViolation."""
        types = self._column_types(connection)
        with connection.cursor() as cursor, cursor.copy(self._copy) as copy:
            copy.set_types(types)
            write, stored = copy.write_row, self._columns.stored
            for row in rows:
                write(stored(row))

    def _column_types(self, connection: Connection[TupleRow]) -> list[int]:
        """What the table's columns are, asked for once: the binary format must be told."""
        if not self._types:
            description = connection.execute(self._shape).description or []
            self._types = [column.type_code for column in description]
        return self._types


def _by_column(keys: Collection[Key]) -> list[list[Any]]:
    """Keys as one array per key column, as `unnest` takes them."""
    return [list(values) for values in zip(*keys, strict=True)]
