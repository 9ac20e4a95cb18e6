"""Migrations go up and down: what one adds, its way back takes away, and nothing else."""

from typing import Any

import psycopg

from infrastructure.postgres import migrations
from tests.servers import FreshDatabase

_SCHEMA = """
SELECT 'column', table_schema, table_name, column_name, data_type || is_nullable || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema !~ '^(pg_|information_schema)'
UNION ALL
SELECT 'index', schemaname, tablename, indexname, indexdef
FROM pg_indexes WHERE schemaname !~ '^pg_'
UNION ALL
SELECT 'function', nspname, proname, pg_get_function_identity_arguments(pg_proc.oid), prosrc
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname !~ '^(pg_|information_schema)'
UNION ALL
SELECT 'constraint', nspname, conrelid::regclass::text, conname, pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace
WHERE nspname !~ '^(pg_|information_schema)'
UNION ALL
SELECT 'comment', nspname, relname, coalesce(attname, ''), description
FROM pg_description
JOIN pg_class ON pg_class.oid = objoid
JOIN pg_namespace ON pg_namespace.oid = relnamespace
LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0
WHERE classoid = 'pg_class'::regclass AND nspname !~ '^(pg_|information_schema)'
UNION ALL
SELECT 'right', table_schema, table_name, grantee::text, privilege_type::text
FROM information_schema.role_table_grants WHERE table_schema !~ '^(pg_|information_schema)'
"""


def schema(database: FreshDatabase) -> set[Any]:
    """Everything that migrations make."""
    with psycopg.connect(database.superuser_url) as connection:
        return set(connection.execute(_SCHEMA).fetchall())


def test_every_revision_goes_up_down_and_up_again(empty_database: FreshDatabase) -> None:
    owner = empty_database.owner_url
    revisions = [revision.name for revision in migrations.status(owner)]
    before: list[set[Any]] = []
    for revision in revisions:
        migrations.upgrade(owner, revision)
        before.append(schema(empty_database))
    for place in reversed(range(1, len(revisions))):
        migrations.downgrade(owner, revisions[place - 1])
        assert schema(empty_database) == before[place - 1], f"{revisions[place]} did not go down cleanly"
    migrations.downgrade(owner, "base")
    assert {row for row in schema(empty_database) if row[1] != "public"} == set()
    migrations.upgrade(owner)
    assert schema(empty_database) == before[-1]


def test_going_down_forgets_what_only_the_newer_schema_can_hold(database: FreshDatabase) -> None:
    """A reaction that a schedule asked for has no cause in the log, which the schema before must have."""
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO stage.reactions (id, kind, owner, "references", due_at, correlation)
            VALUES (gen_random_uuid(), 'tidy', gen_random_uuid(), '{}', now(), 'schedule:tidy')
            """
        )
    migrations.downgrade(database.owner_url, "0004")
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM stage.reactions").fetchone() == (0,)
