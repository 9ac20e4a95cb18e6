"""migrations/roles.sql gives each role the rights and limits that are counted on, as often as it is run."""

from importlib.resources import files

import psycopg
import pytest

from infrastructure.embedded.postgres import EmbeddedPostgres
from tests.servers import FreshDatabase

ROLES = (files("migrations") / "roles.sql").read_bytes()


def answer(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row[0] if row else None


@pytest.mark.parametrize(
    ("setting", "owner", "app"),
    [
        ("transaction_timeout", "0", "30s"),
        ("idle_in_transaction_session_timeout", "0", "10s"),
        ("timezone", "UTC", "UTC"),
    ],
)
def test_the_system_is_limited_in_time_and_migrations_are_not(
    empty_database: FreshDatabase, setting: str, owner: str, app: str
) -> None:
    assert answer(empty_database.owner_url, f"SHOW {setting}") == owner
    assert answer(empty_database.app_url, f"SHOW {setting}") == app


@pytest.mark.parametrize("role", ["stage_owner", "stage_app"])
def test_neither_role_may_rule_the_server(postgres: EmbeddedPostgres, role: str) -> None:
    powers = "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls FROM pg_roles"
    assert answer(postgres.superuser_url, f"{powers} WHERE rolname = '{role}'") is False


def test_the_owner_hands_tables_over_to_the_system_and_may_still_change_them(
    empty_database: FreshDatabase,
) -> None:
    with psycopg.connect(empty_database.owner_url) as connection:
        connection.execute("CREATE SCHEMA views")
        connection.execute("GRANT USAGE, CREATE ON SCHEMA views TO stage_app")
        connection.execute("CREATE TABLE views.jobs (id int)")
        connection.execute("ALTER TABLE views.jobs OWNER TO stage_app")
        connection.execute("ALTER TABLE views.jobs ADD COLUMN name text")
    with psycopg.connect(empty_database.app_url) as connection:
        connection.execute("INSERT INTO views.jobs VALUES (1, 'one')")


def test_the_system_may_not_take_what_is_the_owners(empty_database: FreshDatabase) -> None:
    with psycopg.connect(empty_database.owner_url) as connection:
        connection.execute("CREATE TABLE log (line text)")
    for attempt in ("SELECT FROM log", "CREATE TABLE mine (line text)", "SET ROLE stage_owner"):
        with (
            psycopg.connect(empty_database.app_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(attempt.encode())


def test_the_database_is_the_owners_and_closed_to_the_public(postgres: EmbeddedPostgres) -> None:
    described = (
        "SELECT concat_ws(' ', datdba::regrole, pg_encoding_to_char(encoding), datlocprovider, datlocale) "
        "FROM pg_database WHERE datname = 'stage'"
    )
    assert answer(postgres.superuser_url, described) == "stage_owner UTF8 b C.UTF-8"
    assert answer(postgres.superuser_url, "SELECT has_database_privilege('stage_app', 'stage', 'CONNECT')")
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(postgres.url("stranger"))
        connection.execute("DROP ROLE stranger")


def test_they_may_be_run_again(empty_database: FreshDatabase) -> None:
    with psycopg.connect(empty_database.superuser_url) as connection:
        connection.execute(ROLES)
        connection.execute(ROLES)


def test_an_administrator_who_is_no_superuser_may_run_them(postgres: EmbeddedPostgres) -> None:
    """As on managed servers. Under other names, since roles belong to the server and not to the database."""
    with psycopg.connect(postgres.url("postgres", "postgres"), autocommit=True) as superuser:
        superuser.execute("CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
        superuser.execute("CREATE DATABASE managed OWNER administrator")
        with psycopg.connect(postgres.url("administrator", "managed")) as administrator:
            administrator.execute(ROLES.replace(b"stage_", b"managed_"))
        with psycopg.connect(postgres.url("administrator", "managed")) as administrator:
            administrator.execute(ROLES.replace(b"stage_", b"managed_"))
        with psycopg.connect(postgres.url("managed_owner", "managed")) as owner:
            owner.execute("CREATE TABLE log (line text)")
        superuser.execute("DROP DATABASE managed")
        superuser.execute("DROP ROLE managed_owner, managed_app, administrator")


def test_as_many_may_connect_as_a_whole_system_needs(postgres: EmbeddedPostgres) -> None:
    assert answer(postgres.superuser_url, "SHOW max_connections") == "200"
