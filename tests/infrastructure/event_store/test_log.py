"""What the log promises: only append_events writes to it, nobody changes it, and each event is chained."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.event_chain import BEGINNING, chained
from tests.infrastructure.event_store.appending import append
from tests.servers import FreshDatabase


def test_each_event_is_chained_to_the_one_before_it_in_its_stream(database: FreshDatabase) -> None:
    """Written from the comment on event_hash alone, in another language."""
    first, second, owner = uuid4(), uuid4(), uuid4()
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        append(connection, (first, 1), (second, 1), (first, 2), owner=owner)
        append(connection, (first, 3), (second, 2), owner=None)
        rows = connection.execute(
            """
            SELECT position, originator_id, originator_version, topic, state, metadata, owner,
                   recorded_at, hash
            FROM event_store.events ORDER BY originator_id, originator_version
            """
        ).fetchall()
    previous: dict[UUID, bytes] = {}
    for *stored, found in rows:
        expected = chained(previous.get(stored[1], BEGINNING), *stored)
        assert found == expected
        previous[stored[1]] = found
    assert len(rows) == 5


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO event_store.events SELECT * FROM event_store.events",
        "UPDATE event_store.events SET state = '{}'",
        "DELETE FROM event_store.events",
        "TRUNCATE event_store.events",
        "SELECT nextval('event_store.events_position_seq')",
        "ALTER TABLE event_store.events DISABLE TRIGGER ALL",
        "CREATE TABLE event_store.mine ()",
        "DROP TABLE event_store.events",
    ],
)
def test_the_program_itself_can_only_append(database: FreshDatabase, statement: str) -> None:
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        append(connection, (uuid4(), 1))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event_store.events SET state = '{}'",
        "DELETE FROM event_store.events",
        "TRUNCATE event_store.events",
    ],
)
def test_even_the_owner_is_refused_a_change(database: FreshDatabase, statement: str) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        append(connection, (uuid4(), 1))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="events are never changed"):
            connection.execute(statement)


@pytest.mark.parametrize("versions", [[2], [1, 1], [1, 3], [0, 2], [-1]])
def test_a_stream_begins_at_its_beginning_and_has_no_gap(
    database: FreshDatabase, versions: list[int]
) -> None:
    stream = uuid4()
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UniqueViolation):
            append(connection, *((stream, version) for version in versions))
        assert connection.execute("SELECT count(*) FROM event_store.events").fetchone() == (0,)


def test_time_never_goes_back_within_a_stream(database: FreshDatabase) -> None:
    stream = uuid4()
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        append(connection, (stream, 1))
        connection.execute("SET session_replication_role = replica")  # as if the clock had been ahead
        connection.execute("UPDATE event_store.events SET recorded_at = '2999-01-01Z'")
        append(connection, (stream, 2))
        times = connection.execute("SELECT recorded_at FROM event_store.events ORDER BY position").fetchall()
    assert times[0] == times[1]


def test_the_functions_search_path_cannot_be_used_against_it(database: FreshDatabase) -> None:
    """Whoever calls it may have made a function of the same name; the definer's rights must not run that.

    A function in plain SQL was bound to its names when it was made, any other has a search_path of its own.
    """
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        loose = connection.execute(
            """
            SELECT proname FROM pg_proc
            WHERE prosecdef AND pronamespace = 'event_store'::regnamespace AND prosqlbody IS NULL
              AND proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp']
            """
        ).fetchall()
        definers: Any = connection.execute("SELECT count(*) FROM pg_proc WHERE prosecdef").fetchone()
    assert loose == []
    assert definers[0] >= 2


def test_whatever_draws_a_position_takes_its_transactions_id_first(database: FreshDatabase) -> None:
    """Also a COPY that lets the table draw them, so that no follower overtakes it."""
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT pg_current_xact_id_if_assigned()").fetchone() == (None,)
        connection.execute("SELECT event_store.next_position()")
        assert connection.execute("SELECT pg_current_xact_id_if_assigned()").fetchone() != (None,)
        default = connection.execute(
            """
            SELECT column_default FROM information_schema.columns
            WHERE table_schema = 'event_store' AND table_name = 'events' AND column_name = 'position'
            """
        ).fetchone()
    assert default == ("event_store.next_position()",)
