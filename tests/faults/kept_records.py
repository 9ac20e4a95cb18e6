"""What must be true of the records: read models are what the log makes of them, and no hash is out of its chain."""

from collections.abc import Iterator
from uuid import UUID

from psycopg import sql

from application.projections.fold import fold
from application.projections.projection import Key
from application.projections.registry import PROJECTIONS
from infrastructure.projections.columns import Columns
from tests.event_chain import BEGINNING, chained
from tests.faults.history import History
from tests.faults.installation import Installation


def of_read_models(installation: Installation, history: History) -> Iterator[str]:
    """Every read model has the rows that folding the log makes."""
    for projection in PROJECTIONS:
        table, rows = projection.table, dict[Key, tuple[object, ...]]()
        fold(projection, rows, (one for one in history.log if one.name in projection.events))
        columns = Columns(table.row)
        folded = {key: columns.stored(row) for key, row in rows.items()}
        statement = sql.SQL("SELECT {columns} FROM {table}").format(
            columns=sql.SQL(", ").join(map(sql.Identifier, table.columns)),
            table=sql.Identifier("read_models", table.versioned_name),
        )
        places = [table.columns.index(column) for column in table.key]
        with installation.container.database.connection() as connection:
            stored = {tuple(row[place] for place in places): row for row in connection.execute(statement)}
        for key in {*folded, *stored}:
            if folded.get(key) != stored.get(key):
                yield f"{table.versioned_name} has {stored.get(key)}, and the log makes {folded.get(key)}"


def of_chains(installation: Installation) -> Iterator[str]:
    """Every stream begins at 1, has no gap, and each event's hash follows from the one before."""
    with installation.container.database.connection() as connection:
        rows = connection.execute(
            """
            SELECT position, originator_id, originator_version, topic, state, metadata, owner, recorded_at,
                   hash
            FROM event_store.events ORDER BY originator_id, originator_version
            """
        ).fetchall()
    last: dict[UUID, tuple[int, bytes]] = {}
    for *stored, found in rows:
        position, stream, version = stored[:3]
        before, previous = last.get(stream, (0, BEGINNING))
        if version != before + 1:
            yield f"stream {stream} has {version} after {before}"
        if found != chained(previous, *stored):
            yield f"the hash at position {position} does not follow from the one before"
        last[stream] = version, found
