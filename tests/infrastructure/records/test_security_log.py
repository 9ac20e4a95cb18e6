"""Nobody changes the security log, and it only forgets what is old."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from infrastructure.postgres.database import Database
from infrastructure.records.leftovers import PostgresLeftovers
from infrastructure.records.security_log import Entry, PostgresSecurityLog, Refusal, Refused

_AGED = """
    SET session_replication_role = replica;
    INSERT INTO stage.security_log (kind, times, recorded_at)
    SELECT 'rate', 1, clock_timestamp() - days * interval '1 day' FROM unnest({days}::integer[]) AS days
"""


@pytest.fixture
def pool(database: Any) -> Iterator[Database]:
    pool = Database(database.app_url, size=2)
    pool.open()
    yield pool
    pool.close()


def kinds(pool: Database) -> list[str]:
    with pool.connection() as connection:
        rows = connection.execute("SELECT kind FROM stage.security_log ORDER BY entry_id").fetchall()
    return [kind for (kind,) in rows]


def age(database: Any, *days: int) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(_AGED.format(days=f"'{{{','.join(map(str, days))}}}'"))


def test_every_kind_can_be_written_with_all_or_nothing_of_the_rest(pool: Database) -> None:
    told = Refusal(
        Refused.RATE,
        route="POST /api/v1/jobs",
        network="2001:db8:1::/48",
        claim_id=UUID(int=1),
        user_id=UUID(int=2),
    )
    PostgresSecurityLog(pool).write(
        [Entry(told, 7, "r-1"), *(Entry(Refusal(kind), 1, None) for kind in Refused)]
    )

    assert kinds(pool) == ["rate", *Refused]
    assert pool.one(
        "SELECT times, route, network::text, claim_id, user_id, request_id FROM stage.security_log ORDER BY entry_id"
    ) == (7, "POST /api/v1/jobs", "2001:db8:1::/48", UUID(int=1), UUID(int=2), "r-1")


@pytest.mark.parametrize("role", ["app_url", "owner_url", "superuser_url"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE stage.security_log SET times = 1",
        "DELETE FROM stage.security_log",
        "TRUNCATE stage.security_log",
    ],
)
def test_nobody_changes_what_was_refused(pool: Database, database: Any, role: str, change: str) -> None:
    PostgresSecurityLog(pool).write([Entry(Refusal(Refused.ROLE), 2, None)])
    with (
        psycopg.connect(getattr(database, role), autocommit=True) as connection,
        pytest.raises(InsufficientPrivilege),
    ):
        connection.execute(change)
    assert kinds(pool) == ["role"]


def test_the_program_cannot_say_when_it_was(pool: Database) -> None:
    with pytest.raises(InsufficientPrivilege):
        pool.execute(
            "INSERT INTO stage.security_log (kind, times, recorded_at) VALUES ('role', 1, '2020-01-01')"
        )


def test_what_is_past_its_term_goes_some_at_a_time(pool: Database, database: Any) -> None:
    age(database, 93, 92, 91, 89)
    leftovers = PostgresLeftovers(pool, security_log_days=90)

    assert [leftovers.remove(limit=2)["security_log"] for _ in range(3)] == [2, 1, 0]
    assert kinds(pool) == ["rate"]


def test_nothing_younger_than_thirty_days_is_forgotten_whatever_the_program_asks(
    pool: Database, database: Any
) -> None:
    age(database, 31, 29)

    assert PostgresLeftovers(pool, security_log_days=0).remove(limit=10)["security_log"] == 1
    assert kinds(pool) == ["rate"]
