"""The real servers that tests may ask for, and a database of its own for each test that wants one.

Nothing is started for a test that does not ask.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.postgres import migrations

# As a replica does, without the triggers that keep the log from being changed.
_EMPTY_OUT = """
DO $$
DECLARE kept record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR kept IN SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
                WHERE schemaname IN ('event_store', 'stage', 'read_models', 'shadow') LOOP
        EXECUTE 'DELETE FROM ' || kept.name;
    END LOOP;
    FOR kept IN SELECT format('%I.%I', schemaname, sequencename) AS name FROM pg_sequences
                WHERE schemaname IN ('event_store', 'stage') LOOP
        EXECUTE 'ALTER SEQUENCE ' || kept.name || ' RESTART';
    END LOOP;
END $$
"""


@dataclass(frozen=True)
class FreshDatabase:
    """A database that nobody has used, by the roles that may open it."""

    name: str
    owner_url: str
    app_url: str
    superuser_url: str


_AS_MIGRATED = """
SELECT md5(string_agg(entry, ' ' ORDER BY entry)) FROM (
    SELECT 'class ' || oid || xmin AS entry FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT 'attribute ' || attrelid || ' ' || attnum || xmin FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL SELECT 'default ' || oid || xmin FROM pg_attrdef
    UNION ALL SELECT 'constraint ' || oid || xmin FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT 'trigger ' || oid || xmin FROM pg_trigger
    UNION ALL SELECT 'function ' || oid || xmin FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'schema ' || oid || xmin FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL SELECT 'setting ' || setrole || xmin FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT 'row ' || ctid || xmin FROM migrations
) AS entries
"""
"""Changes with whatever a test does to the schema: every entry of the catalogue shows who wrote it last."""

_VISITORS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_FAREWELL = 1.0
"""Seconds that connections which a test has closed take to be gone, at the most."""

_TABLES = """
SELECT oid::regclass::text FROM pg_class
WHERE relkind = 'r' AND oid >= 16384 AND oid <> 'migrations'::regclass ORDER BY 1
"""
_EMPTIED = """
SET session_replication_role = replica; -- no trigger fires: the log would refuse
{};
SELECT setval(seqrelid, seqstart, false) FROM pg_sequence
"""


class Databases:
    """Makes and drops databases on one server. Migrations run once, on the first that is to be migrated.

    To make one takes as long as many a test. So a migrated one is emptied and used again, unless its last test
    has changed the schema or left somebody connected.
    """

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._numbers = count(1)
        self._template: str | None = None
        self._as_migrated = self._emptying = ""
        self._emptied: list[FreshDatabase] = []

    @contextmanager
    def migrated(self) -> Iterator[FreshDatabase]:
        """With today's schema and nothing in it, for as long as the block lasts."""
        if self._template is None:
            self._template = self._migrated_template()
        if self._emptied:
            database = self._emptied.pop()
        else:
            database = self._create(f"test_{next(self._numbers)}", template=self._template)
        try:
            yield database
        finally:
            if self._could_be_emptied(database):
                self._emptied.append(database)
            else:
                self._drop(database)

    @contextmanager
    def empty(self) -> Iterator[FreshDatabase]:
        """With the roles and nothing else, for as long as the block lasts."""
        with self._fresh("stage") as database:
            yield database

    def empty_out(self, database: FreshDatabase) -> None:
        """As it was when it was migrated; whoever is connected stays so. Ten times as fast as another one."""
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute(_EMPTY_OUT)

    @contextmanager
    def _fresh(self, template: str) -> Iterator[FreshDatabase]:
        database = self._create(f"test_{next(self._numbers)}", template=template)
        try:
            yield database
        finally:
            self._drop(database)

    def _migrated_template(self) -> str:
        template = self._create("stage_template", template="stage")
        migrations.upgrade(template.owner_url)
        with psycopg.connect(template.superuser_url, autocommit=True) as connection:
            ((self._as_migrated,),) = connection.execute(_AS_MIGRATED).fetchall()
            tables = [name for (name,) in connection.execute(_TABLES)]
        self._emptying = _EMPTIED.format("; ".join(map("DELETE FROM {}".format, tables)))
        return template.name

    def _could_be_emptied(self, database: FreshDatabase) -> bool:
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            left_alone_by = time.monotonic() + _FAREWELL
            while connection.execute(_VISITORS).fetchone() != (0,):
                if time.monotonic() > left_alone_by:
                    return False
                time.sleep(0.002)
            if connection.execute(_AS_MIGRATED).fetchone() != (self._as_migrated,):
                return False
            connection.execute(self._emptying)
            return True

    def _drop(self, database: FreshDatabase) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", database.name)

    def _create(self, name: str, *, template: str) -> FreshDatabase:
        self._run("CREATE DATABASE {} TEMPLATE {} OWNER stage_owner", name, template)
        return FreshDatabase(
            name,
            owner_url=self.server.url("stage_owner", name),
            app_url=self.server.url("stage_app", name),
            superuser_url=self.server.url("postgres", name),
        )

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.server.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One server for all tests of this process. A test may kill it if it starts it again."""
    server = EmbeddedPostgres(_short_folder(), durable=False)
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Databases:
    """For a test that wants several."""
    return Databases(postgres)


@pytest.fixture
def database(databases: Databases) -> Iterator[FreshDatabase]:
    """Migrated, and this test's alone."""
    with databases.migrated() as database:
        yield database


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[FreshDatabase]:
    """This test's alone, before any migration."""
    with databases.empty() as database:
        yield database


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(_short_folder())
    server.start()
    yield server
    server.remove()


@pytest.fixture
def valkey(valkey_server: EmbeddedValkey) -> EmbeddedValkey:
    """Emptied before this test. A test may kill it if it starts it again."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server


def _short_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="stage-test-"))
