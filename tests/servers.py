"""The real servers that tests may ask for, and a database of its own for each test that wants one.

Nothing is started for a test that does not ask.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from infrastructure import migrations
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.valkey import EmbeddedValkey

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


class Databases:
    """Makes and drops databases on one server. Migrations run once, on the first that is to be migrated."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._numbers = count(1)
        self._template: str | None = None

    @contextmanager
    def migrated(self) -> Iterator[FreshDatabase]:
        """With today's schema, for as long as the block lasts."""
        if self._template is None:
            template = self._create("stage_template", template="stage")
            migrations.upgrade(template.owner_url)
            self._template = template.name
        with self._fresh(self._template) as database:
            yield database

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
