"""The engine on a real database: the same rows as the pure fold, and never a clear personal text."""

import random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from application.projections.jobs import Jobs
from application.projections.projection import Projection, Table
from application.projections.registry import PROJECTIONS
from application.projections.users import Users
from domain.personal import Personal
from domain.user import User
from infrastructure.event_store.keyring import is_sealed
from infrastructure.projections import parking
from infrastructure.projections.columns import ClearText, Columns
from infrastructure.projections.digesting import Digester
from infrastructure.projections.engine import Projector
from infrastructure.projections.rows import SHADOW, StoredRows
from tests.application.projections.histories import Log, Play, folded
from tests.application.projections.open_jobs import OpenJobs
from tests.infrastructure.projections.parts import connected, parts
from tests.servers import FreshDatabase

Connection = psycopg.Connection[TupleRow]


def stored(connection: Connection, table: Table, schema: str = "read_models") -> set[tuple[Any, ...]]:
    """Every row as it lies there."""
    rows = connection.execute(
        sql.SQL("SELECT {} FROM {}").format(
            sql.SQL(", ").join(map(sql.Identifier, table.columns)),
            sql.Identifier(schema, table.versioned_name),
        )
    )
    return {_hashable(row) for row in rows}


def expected(projection: Projection[Any], log: Any) -> set[tuple[Any, ...]]:
    columns = Columns(projection.table.row)
    return {_hashable(columns.stored(row)) for row in folded(projection, log).values()}


def _hashable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_read_models_are_what_the_pure_fold_says(database: FreshDatabase, seed: int) -> None:
    chance = random.Random(seed)
    with parts(database.app_url) as here, connected(database.app_url) as connection:
        connection.execute(
            "CREATE TABLE read_models.open_jobs_v1 (job_id uuid PRIMARY KEY, submitted bigint)"
        )
        Play(chance, here.store.save).run(150)
        log = here.log()
        for projection in (*PROJECTIONS, OpenJobs()):
            projector = Projector(projection)
            left = [recorded for recorded in log if recorded.name in projection.events]
            while left:
                size = chance.randint(1, 50)
                batch, left = left[:size], left[size:]
                with connection.transaction():
                    projector.consume(connection, batch)
            assert stored(connection, projection.table) == expected(projection, log), (
                projection.table.versioned_name
            )


def test_the_same_code_fills_a_shadow_table(database: FreshDatabase) -> None:
    with parts(database.app_url) as here, connected(database.app_url) as connection:
        Play(random.Random(4), here.store.save).run(60)
        connection.execute("CREATE TABLE shadow.jobs_v2 (LIKE read_models.jobs_v2 INCLUDING ALL)")
        log = [recorded for recorded in here.log() if recorded.name in Jobs.events]
        Digester(Jobs(), SHADOW).digest(connection, log)
        assert stored(connection, Jobs.table, "shadow") == expected(Jobs(), log)
        assert stored(connection, Jobs.table) == set()


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.table.versioned_name)
def test_the_migrated_table_is_the_projections(database: FreshDatabase, projection: Projection[Any]) -> None:
    table = projection.table
    with connected(database.app_url) as connection:
        columns = connection.execute(
            """
            SELECT array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
            WHERE table_schema = 'read_models' AND table_name = %s
            """,
            [table.versioned_name],
        ).fetchone()
        key = connection.execute(
            """
            SELECT array_agg(attname::text ORDER BY place)
            FROM pg_index, unnest(indkey) WITH ORDINALITY AS keys (number, place)
            JOIN pg_attribute ON attnum = number
            WHERE indisprimary AND indrelid = %s::regclass AND attrelid = indrelid
            """,
            [f"read_models.{table.versioned_name}"],
        ).fetchone()
    assert columns == (list(table.columns),)
    assert key == (list(table.key),)


def test_personal_texts_stay_sealed_in_read_models(database: FreshDatabase) -> None:
    with parts(database.app_url) as here, connected(database.app_url) as connection:
        ada = User.register(
            uuid4(), email=Personal("ada@example.com"), name=Personal("Ada"), claim_id=uuid4()
        )
        here.store.save(ada)
        Projector(Users()).consume(connection, here.log())
        ada.verify_email()
        here.store.save(ada)
        Projector(Users()).consume(connection, here.log()[1:])
        row = connection.execute("SELECT email, name, email_verified FROM read_models.users_v2").fetchone()
    assert row is not None
    assert [is_sealed(row[0]), is_sealed(row[1]), row[2]] == [True, True, True]


def test_a_clear_personal_text_is_refused(database: FreshDatabase) -> None:
    log = Log()
    log.save(
        User.register(uuid4(), email=Personal("ada@example.com"), name=Personal("Ada"), claim_id=uuid4())
    )
    with connected(database.app_url) as connection:
        with pytest.raises(ClearText), connection.transaction():
            StoredRows(Users.table).add(connection, folded(Users(), log.recorded).values())
        Projector(Users()).consume(connection, log.recorded)
        assert stored(connection, Users.table) == set()
        (parked,) = parking.listed(connection)
        assert (parked.position, "ClearText" in str(parked.error)) == (1, True)


def test_nobody_without_a_key_opens_a_stored_text(database: FreshDatabase) -> None:
    with parts(database.app_url) as here, connected(database.app_url) as connection:
        ada = User.register(uuid4(), email=Personal("a@example.com"), name=Personal("A"), claim_id=uuid4())
        here.store.save(ada)
        Projector(Users()).consume(connection, here.log())
        row = StoredRows(Users.table).load(connection, [(ada.id,)])[(ada.id,)]
    with pytest.raises(PermissionError):
        _ = row.email.text


class Note(NamedTuple):
    shelf: int
    number: UUID
    text: str | None
    tags: tuple[str, ...]


NOTES = Table("notes", 1, Note, ("shelf", "number"))


@pytest.fixture
def notes(database: FreshDatabase) -> str:
    with connected(database.app_url) as connection:
        connection.execute(
            """
            CREATE TABLE read_models.notes_v1 (
                shelf integer, number uuid, text text, tags text[] NOT NULL, PRIMARY KEY (shelf, number))
            """
        )
    return database.app_url


def test_rows_come_change_and_go(notes: str) -> None:
    rows = StoredRows(NOTES)
    first, second = Note(1, uuid4(), "a\n\t\\N'", ("x", "y")), Note(1, uuid4(), None, ())
    with connected(notes) as connection:
        rows.replace(connection, gone=[], rows=[first, second])
        keys = [(1, first.number), (1, second.number), (2, first.number)]
        assert rows.load(connection, keys) == {keys[0]: first, keys[1]: second}
        changed = second._replace(text="b")
        rows.replace(connection, gone=keys[:2], rows=[changed])
        assert rows.load(connection, keys) == {keys[1]: changed}


def test_a_row_that_nobody_looked_at_is_never_overwritten(notes: str) -> None:
    rows = StoredRows(NOTES)
    there = Note(1, uuid4(), "there", ())
    with connected(notes) as connection:
        rows.replace(connection, gone=[], rows=[there])
        with pytest.raises(psycopg.errors.UniqueViolation):
            rows.replace(connection, gone=[], rows=[there._replace(text="guessed")])
        assert rows.load(connection, [(1, there.number)]) == {(1, there.number): there}


def test_nothing_to_do_is_nothing_done(notes: str) -> None:
    with connected(notes) as connection:
        assert StoredRows(NOTES).load(connection, []) == {}
        StoredRows(NOTES).replace(connection, gone=[], rows=[])
