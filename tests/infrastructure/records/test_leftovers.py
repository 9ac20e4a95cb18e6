"""Kept answers and reactions that are done go when their time is over; whatever is not done stays."""

from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.postgres.database import Database
from infrastructure.records.leftovers import REACTION_DAYS, PostgresLeftovers

_ANSWER = """
    INSERT INTO stage.answers (answer_id, owner, content_hash, status, sealed, expires_at)
    VALUES (gen_random_uuid(), gen_random_uuid(), '', 202, '', clock_timestamp() + %s * interval '1 hour')
"""
_REACTION = """
    INSERT INTO stage.reactions (id, kind, owner, "references", due_at, correlation, state, ended_at)
    VALUES (gen_random_uuid(), 'toy', gen_random_uuid(), '{}', clock_timestamp(), 'test', %(state)s,
            CASE WHEN %(state)s IN ('done', 'dead') THEN clock_timestamp() - %(days)s * interval '1 day' END)
"""


@pytest.fixture
def pool(database: Any) -> Iterator[Database]:
    pool = Database(database.app_url, size=2)
    pool.open()
    yield pool
    pool.close()


def count(pool: Database, statement: str) -> Any:
    return (pool.one(statement) or [None])[0]


def test_answers_go_when_nobody_can_get_them_any_more(pool: Database) -> None:
    for hours in (-1, -2, 1):
        pool.execute(_ANSWER, [hours])

    assert PostgresLeftovers(pool, security_log_days=90).remove(limit=10)["answers"] == 2
    assert count(pool, "SELECT count(*) FROM stage.answers") == 1


def test_reactions_go_long_after_they_were_done_and_dead_ones_never(pool: Database) -> None:
    for state, days in (
        ("done", REACTION_DAYS + 1),
        ("done", REACTION_DAYS - 1),
        ("dead", REACTION_DAYS + 1),
        ("due", 0),
        ("running", 0),
    ):
        pool.execute(_REACTION, {"state": state, "days": days})

    assert PostgresLeftovers(pool, security_log_days=90).remove(limit=10)["reactions"] == 1
    assert count(pool, "SELECT count(*) FROM stage.reactions") == 4
