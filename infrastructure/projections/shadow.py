"""A read model's shadow: a table of the same shape beside it, that is filled, compared, and takes its place."""

import time
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from application.projections.projection import Table
from infrastructure.following import checkpoints
from infrastructure.projections import parking, rebuilds
from infrastructure.projections.rows import READ_MODELS, SHADOW

RETIRED = "retired"
"""The schema of tables that were replaced, until they are dropped."""
SHOWN = 20
"""Differences that are told one by one."""
_FIRST_LOCK, _LONGEST_LOCK = 0.1, 1.6
"""Seconds that the swap waits for readers, while others wait behind it. It grows with each attempt: a vacuum
gives way only to who has waited for a second."""
_SWAP_WITHIN = 120.0
"""Seconds of attempts after which somebody must look who holds the table."""

_INDEXES = """
    SELECT class.relname, pg_get_indexdef(index.indexrelid), constraint_.conname, constraint_.contype::text
    FROM pg_index AS index
    JOIN pg_class AS class ON class.oid = index.indexrelid
    LEFT JOIN pg_constraint AS constraint_ ON constraint_.conindid = index.indexrelid
                                          AND constraint_.conrelid = index.indrelid
    WHERE index.indrelid = %s::regclass
    ORDER BY index.indisprimary DESC, class.relname
"""
_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
_CONSTRAINED = "SELECT FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s"
_GRANTS = """
    SELECT acl.privilege_type, grantee.rolname
    FROM pg_class AS class, aclexplode(class.relacl) AS acl LEFT JOIN pg_roles AS grantee ON grantee.oid = acl.grantee
    WHERE class.oid = %s::regclass AND acl.grantee <> class.relowner
"""
_SHAPE = """
    SELECT attname, atttypid::regtype::text, attnotnull FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


class SwapBlocked(Exception):
    """Somebody holds the table and does not let go."""

    def __init__(self, read_model: str) -> None:
        super().__init__(read_model)
        self.read_model = read_model

    def __str__(self) -> str:
        return f"{self.read_model} is held by a transaction that does not end; `stage doctor` may tell which"


class Difference(Struct, frozen=True):
    """A row that is not the same in both tables."""

    key: list[Any]
    live: list[Any] | None
    """None where only the rebuilt table has it."""
    rebuilt: list[Any] | None


class Differences(Struct, frozen=True):
    """What a comparison of all rows in one snapshot found."""

    rows: int
    differing: int
    shown: list[Difference]


class Shadow:
    def __init__(self, table: Table) -> None:
        self._table = table
        self._name = table.versioned_name
        self._live, self._shadow = f"{READ_MODELS}.{self._name}", f"{SHADOW}.{self._name}"
        self._names = {
            "live": sql.Identifier(READ_MODELS, self._name),
            "shadow": sql.Identifier(SHADOW, self._name),
            "old": sql.Identifier(RETIRED, self._name),
            "retired": sql.Identifier(RETIRED),
            "read_models": sql.Identifier(READ_MODELS),
            "key": sql.SQL(", ").join(map(sql.Identifier, table.key)),
            "live_columns": _columns("live", table.columns),
            "shadow_columns": _columns("shadow", table.columns),
            "keys": sql.SQL(", ").join(map(sql.Identifier, table.key)),
            "first": sql.Identifier(table.key[0]),
        }

    def create(self, connection: Connection[TupleRow]) -> None:
        """Begin anew, in the connection's transaction, with an empty table; indexes are made once it is filled."""
        connection.execute(self._sql("DROP TABLE IF EXISTS {shadow}"))
        connection.execute(self._sql("CREATE TABLE {shadow} (LIKE {live} INCLUDING ALL EXCLUDING INDEXES)"))
        comment = connection.execute("SELECT obj_description(%s::regclass)", [self._live]).fetchone()
        if comment and comment[0]:
            connection.execute(self._sql("COMMENT ON TABLE {shadow} IS ") + sql.Literal(comment[0]))
        for privilege, grantee in connection.execute(_GRANTS, [self._live]).fetchall():
            connection.execute(
                sql.SQL("GRANT {} ON {} TO {}").format(
                    sql.SQL(privilege),
                    self._names["shadow"],
                    sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC"),
                )
            )

    def fits(self, connection: Connection[TupleRow]) -> bool:
        """Whether it is there and still has the shape of the live table."""
        live, shadow = (connection.execute(_SHAPE, [name]).fetchall() for name in (self._live, self._shadow))
        return live == shadow

    def index(self, connection: Connection[TupleRow]) -> None:
        """Make the indexes and constraints of the live table, by their names, holding nobody up.

        What an earlier attempt has made whole is kept.
        """
        for name, definition, constraint, kind in connection.execute(_INDEXES, [self._live]).fetchall():
            index = f'{SHADOW}."{name}"'
            valid = connection.execute(_VALID, [index]).fetchone()
            if valid == (False,):
                connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(SHADOW, name)))
            if valid != (True,):
                connection.execute(_elsewhere(definition).encode())
            made = connection.execute(_CONSTRAINED, [self._shadow, constraint]).fetchone()
            if constraint and made is None:
                connection.execute(
                    sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {} USING INDEX {}").format(
                        self._names["shadow"],
                        sql.Identifier(constraint),
                        sql.SQL("PRIMARY KEY" if kind == "p" else "UNIQUE"),
                        sql.Identifier(name),
                    )
                )
        connection.execute(self._sql("ANALYZE {shadow}"))

    def compare(self, connection: Connection[TupleRow]) -> Differences:
        """All rows of both tables as they are at one moment."""
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            ((rows, differing),) = connection.execute(
                self._sql("""
                    SELECT count(*), count(*) FILTER (WHERE live IS DISTINCT FROM shadow)
                    FROM (SELECT {keys}, ROW({live_columns}) AS live FROM {live} AS live) AS live
                    FULL JOIN (SELECT {keys}, ROW({shadow_columns}) AS shadow FROM {shadow} AS shadow) AS shadow
                    USING ({keys})
                """)
            ).fetchall()
            shown = self._differences(connection) if differing else []
        return Differences(rows, differing, shown)

    def swap(self, connection: Connection[TupleRow], *, checkpoint: int | None = None) -> None:
        """Put it in the live table's place, in one short transaction; whoever reads waits no longer than that.

        `checkpoint` is where its follower goes on, if not where it is. Raises SwapBlocked.
        """
        deadline = time.monotonic() + _SWAP_WITHIN
        patience = _FIRST_LOCK
        while True:
            try:
                self._swap(connection, patience, checkpoint)
                break
            except psycopg.errors.LockNotAvailable:
                if time.monotonic() > deadline:
                    raise SwapBlocked(self._name) from None
                time.sleep(patience)  # readers that waited behind us get their turn
                patience = min(patience * 2, _LONGEST_LOCK)
        self.drop_retired(connection)

    def drop(self, connection: Connection[TupleRow]) -> None:
        """Give it up."""
        connection.execute(self._sql("DROP TABLE IF EXISTS {shadow}"))

    def drop_retired(self, connection: Connection[TupleRow]) -> None:
        """Nobody reads it any more."""
        connection.execute(self._sql("DROP TABLE IF EXISTS {old}"))

    def _swap(self, connection: Connection[TupleRow], patience: float, checkpoint: int | None) -> None:
        with connection.transaction():
            connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{patience * 1000:.0f}ms"])
            checkpoints.hold(connection, self._name)
            connection.execute(self._sql("DROP TABLE IF EXISTS {old}"))
            connection.execute(self._sql("ALTER TABLE {live} SET SCHEMA {retired}"))
            connection.execute(self._sql("ALTER TABLE {shadow} SET SCHEMA {read_models}"))
            parking.promote(connection, self._name)
            if checkpoint is not None:
                checkpoints.set_forward(connection, self._name, checkpoint)
            rebuilds.end(connection, self._name)

    def _differences(self, connection: Connection[TupleRow]) -> list[Difference]:
        width = len(self._table.columns)
        rows = connection.execute(
            self._sql("""
                SELECT live.{first} IS NOT NULL, shadow.{first} IS NOT NULL, {live_columns}, {shadow_columns}
                FROM {live} AS live FULL JOIN {shadow} AS shadow USING ({keys})
                WHERE ROW({live_columns}) IS DISTINCT FROM ROW({shadow_columns})
                LIMIT {shown}
            """)
        ).fetchall()
        found = []
        for in_live, in_shadow, *values in rows:
            live, rebuilt = values[:width], values[width:]
            row = dict(zip(self._table.columns, live if in_live else rebuilt, strict=True))
            key = [row[column] for column in self._table.key]
            found.append(Difference(key, live if in_live else None, rebuilt if in_shadow else None))
        return found

    def _sql(self, text: Any) -> sql.Composed:
        return sql.SQL(text).format(**self._names, shown=sql.Literal(SHOWN))


def _columns(alias: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)


def _elsewhere(definition: str) -> str:
    """A definition of one of the live table's indexes, as one of its shadow's."""
    made = "CREATE UNIQUE INDEX" if definition.startswith("CREATE UNIQUE INDEX") else "CREATE INDEX"
    return definition.replace(made, f"{made} CONCURRENTLY", 1).replace(
        f" ON {READ_MODELS}.", f" ON {SHADOW}.", 1
    )
