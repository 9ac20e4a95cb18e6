"""Rebuilds: equal to the pure fold, while others write and read, and gone on with after whatever ended them."""

import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from application.projections.credit_lots import CreditLotRow, CreditLots
from application.projections.jobs import Jobs
from application.projections.projection import Projection
from application.projections.registry import PROJECTIONS
from application.projections.users import Users
from domain.credit_ledger import CreditLedger
from domain.lots import Source
from infrastructure.following import checkpoints
from infrastructure.projections import parking, rebuilds
from infrastructure.projections.engine import Projector
from infrastructure.projections.rebuild import Doing, Rebuild, RebuildRunning
from infrastructure.projections.rows import READ_MODELS
from infrastructure.projections.shadow import Shadow
from tests.application.projections.histories import Play
from tests.application.projections.open_jobs import OpenJobs
from tests.infrastructure.following.tally import following, of, until
from tests.infrastructure.following.test_following import NO_REDIS
from tests.infrastructure.projections.parts import Parts, connected, parts
from tests.infrastructure.projections.poison import Buggy
from tests.infrastructure.projections.test_parking import follow
from tests.infrastructure.projections.test_projector import expected, stored
from tests.servers import FreshDatabase

Connection = psycopg.Connection[TupleRow]
ALL = (*PROJECTIONS, OpenJobs())


@pytest.fixture
def here(database: FreshDatabase) -> Iterator[Parts]:
    with parts(database.app_url) as here, connected(database.app_url) as connection:
        connection.execute(
            "CREATE TABLE read_models.open_jobs_v1 (job_id uuid PRIMARY KEY, submitted bigint)"
        )
        yield here


@pytest.fixture
def connection(database: FreshDatabase) -> Iterator[Connection]:
    with connected(database.app_url) as connection:
        yield connection


def rebuild(database: FreshDatabase, projection: Projection[Any], **options: Any) -> Rebuild:
    return Rebuild(projection, direct_url=database.app_url, **{"processes": 1, **options})


def described(connection: Connection, projection: Projection[Any]) -> list[Any]:
    """A table's columns, indexes, constraints, comments and grants."""
    table = f"{READ_MODELS}.{projection.table.versioned_name}"
    questions = (
        "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indrelid = %s::regclass ORDER BY 1",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass ORDER BY 1",
        """
        SELECT attname, atttypid, attnotnull, col_description(attrelid, attnum) FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum
        """,
        "SELECT obj_description(oid), relacl::text, relowner FROM pg_class WHERE oid = %s::regclass",
    )
    return [connection.execute(question, [table]).fetchall() for question in questions]


@pytest.mark.parametrize("projection", ALL, ids=lambda one: one.table.versioned_name)
def test_a_rebuilt_table_has_the_same_rows_indexes_and_names(
    database: FreshDatabase, here: Parts, connection: Connection, projection: Projection[Any]
) -> None:
    Play(random.Random(1), here.store.save).run(120)
    connection.execute(
        sql.SQL("GRANT SELECT ON {} TO stage_owner").format(
            sql.Identifier(READ_MODELS, projection.table.versioned_name)
        )
    )
    log = here.log()
    follow(connection, projection, log)
    before = described(connection, projection)
    rebuilt = rebuild(database, projection).run()
    assert (rebuilt.swapped, rebuilt.parked) == (True, 0)
    assert rebuilt.compared is not None
    assert (rebuilt.compared.differing, rebuilt.compared.rows) == (
        0,
        len(stored(connection, projection.table)),
    )
    assert stored(connection, projection.table) == expected(projection, log)
    assert described(connection, projection) == before
    assert rebuilds.every(connection) == []


def test_differences_are_shown_and_the_old_table_serves_until_they_are_accepted(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    Play(random.Random(2), here.store.save).run(60)
    log = here.log()
    follow(connection, CreditLots(), log)
    right = expected(CreditLots(), log)
    first, second = sorted(right)[:2]
    table = f"read_models.{CreditLots.table.versioned_name}"
    of_row = "WHERE (lot_id, until) = (%s, %s)"
    connection.execute(f"UPDATE {table} SET available = 77 {of_row}".encode(), first[:2])
    connection.execute(f"DELETE FROM {table} {of_row}".encode(), second[:2])
    wrong = stored(connection, CreditLots.table)
    refused = rebuild(database, CreditLots()).run()
    assert refused.compared is not None
    assert (refused.swapped, refused.compared.differing) == (False, 2)
    shown = {tuple(one.key): (one.live, one.rebuilt) for one in refused.compared.shown}
    available = CreditLotRow._fields.index("available")
    assert shown[first[:2]] == ([*first[:available], 77, *first[available + 1 :]], list(first))
    assert shown[second[:2]] == (None, list(second))
    assert stored(connection, CreditLots.table) == wrong
    accepted = rebuild(database, CreditLots()).run(accept=True)
    assert accepted.swapped
    assert stored(connection, CreditLots.table) == right


def test_a_new_table_overtakes_its_follower(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    """As with a new version, whose follower has only begun; it goes on where the rebuild ended."""
    play = Play(random.Random(3), here.store.save)
    play.run(60)
    log = here.log()
    rebuilt = rebuild(database, Jobs()).run()
    assert (rebuilt.swapped, rebuilt.compared) == (True, None)
    assert checkpoints.position_of(connection, Jobs.table.versioned_name) == log[-1].position
    play.run(20)
    with following(here, database.app_url, NO_REDIS, Projector(Jobs())) as process:
        end = here.log()[-1].position
        until(lambda: of(process, Jobs.table.versioned_name).position == end)
    assert stored(connection, Jobs.table) == expected(Jobs(), here.log())


def test_what_a_rebuild_cannot_digest_is_parked_and_can_be_retried(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    Play(random.Random(4), here.store.save).run(60)
    log = here.log()
    granted = [recorded for recorded in log if recorded.name == "CreditLedger.Granted"]
    follow(connection, CreditLots(), log)
    victim = granted[3]
    buggy = Buggy(CreditLots(), lambda recorded: recorded.position == victim.position)
    rebuilt = rebuild(database, buggy).run(accept=True)
    assert rebuilt.swapped
    events = parking.listed(connection)
    assert rebuilt.parked == len(events) > 0
    assert {event.stream_id for event in events} == {victim.stream_id}
    others = [recorded for recorded in log if recorded.stream_id != victim.stream_id]
    assert expected(CreditLots(), others) <= stored(connection, CreditLots.table)


def test_streams_whose_rows_the_table_refuses_are_parked(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    Play(random.Random(5), here.store.save).run(30)
    good = here.log()
    ledger = CreditLedger.open(uuid4())
    ledger.grant(uuid4(), Source.PROMO, 3, reference="a\x00b")
    here.store.save(ledger)
    rebuilt = rebuild(database, CreditLots()).run()
    assert rebuilt.parked == 1
    assert stored(connection, CreditLots.table) == expected(CreditLots(), good)


def test_two_do_not_rebuild_the_same(database: FreshDatabase, here: Parts) -> None:
    Play(random.Random(6), here.store.save).run(30)
    refused: list[str] = []

    def watch(_doing: Doing) -> None:
        with pytest.raises(RebuildRunning) as error:
            rebuild(database, Users()).run()
        refused.append(error.value.read_model)

    assert rebuild(database, Users(), watch=watch).run().swapped
    assert set(refused) == {Users.table.versioned_name}


@contextmanager
def busy(here: Parts, seed: int) -> Iterator[None]:
    """People do things all the while."""
    stopping = threading.Event()
    play = Play(random.Random(seed), here.store.save)

    def write() -> None:
        while not stopping.is_set():
            play.run(5)

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        try:
            yield
        finally:
            stopping.set()
        writing.result()


@contextmanager
def reading(database: FreshDatabase, projection: Projection[Any]) -> Iterator[list[frozenset[Any]]]:
    """Somebody reads with prepared statements all the while, without an error: the keys that each look found."""
    stopping = threading.Event()
    looks: list[frozenset[Any]] = []
    key = [projection.table.columns.index(column) for column in projection.table.key]
    table = sql.Identifier(READ_MODELS, projection.table.versioned_name)
    statement = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(map(sql.Identifier, projection.table.columns)), table
    )

    def read() -> None:
        with connected(database.app_url) as connection:
            while not stopping.is_set():
                rows = connection.execute(statement, prepare=True).fetchall()
                looks.append(frozenset(tuple(row[place] for place in key) for row in rows))

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(read)
        try:
            yield looks
        finally:
            stopping.set()
        done.result()


def missed(looks: Sequence[frozenset[Any]]) -> set[Any]:
    """Rows that were there before and after a look, but not in it. Some end for good: a hold that was settled."""
    seen = {
        key: [number for number, look in enumerate(looks) if key in look] for key in frozenset().union(*looks)
    }
    return {key for key, numbers in seen.items() if numbers[-1] - numbers[0] + 1 != len(numbers)}


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.table.versioned_name)
def test_readers_and_writers_notice_nothing(
    database: FreshDatabase, here: Parts, connection: Connection, projection: Projection[Any]
) -> None:
    name = projection.table.versioned_name
    Play(random.Random(7), here.store.save).run(60)
    with following(here, database.app_url, NO_REDIS, Projector(projection)) as process:
        end = here.log()[-1].position
        until(lambda: (of(process, name).position or 0) >= end)
        with busy(here, 8), reading(database, projection) as looks:
            for _ in range(3):
                rebuilt = rebuild(database, projection).run()
                assert rebuilt.swapped, rebuilt
        end = here.log()[-1].position
        until(lambda: (of(process, name).position or 0) >= end)
    assert missed(looks) == set()
    assert len(looks) > 10
    assert stored(connection, projection.table) == expected(projection, here.log())


class Interrupted(Exception):
    """What ends a rebuild in a test."""


@pytest.mark.parametrize("processes", [1, 2])
def test_interrupted_at_any_step_it_goes_on_where_it_was(
    database: FreshDatabase, here: Parts, connection: Connection, processes: int
) -> None:
    play = Play(random.Random(9), here.store.save)
    play.run(200)
    follow(connection, CreditLots(), here.log())
    for fatal in ("filling", "indexing", "following", "swapping"):

        def interrupt(doing: Doing, fatal: str = fatal) -> None:
            if doing.step == fatal:
                raise Interrupted

        with pytest.raises(Interrupted):
            rebuild(database, CreditLots(), watch=interrupt, processes=processes, part=20).run()
        assert rebuilds.get(connection, CreditLots.table.versioned_name).step == LEFT_AT[fatal]
        more = len(here.log())
        play.run(10)
        follow(connection, CreditLots(), here.log()[more:])
    assert rebuild(database, CreditLots()).run().swapped
    assert stored(connection, CreditLots.table) == expected(CreditLots(), here.log())


LEFT_AT = {"filling": "filling", "indexing": "indexing", "following": "following", "swapping": "joined"}
"""At which step a rebuild is found after it was interrupted at another."""


def test_killed_when_all_indexes_were_made_it_goes_on(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    Play(random.Random(12), here.store.save).run(30)
    follow(connection, CreditLots(), here.log())

    def interrupt(doing: Doing) -> None:
        if doing.step == "indexing":
            Shadow(CreditLots.table).index(connection)
            raise Interrupted

    with pytest.raises(Interrupted):
        rebuild(database, CreditLots(), watch=interrupt).run()
    assert rebuild(database, CreditLots()).run().swapped


def test_a_rebuild_of_another_fold_begins_anew(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    Play(random.Random(11), here.store.save).run(60)
    log = here.log()
    follow(connection, CreditLots(), log)

    def interrupt(doing: Doing) -> None:
        if doing.step == "swapping":
            raise Interrupted

    nothing = Buggy(CreditLots(), lambda _: True)
    with pytest.raises(Interrupted):
        rebuild(database, nothing, watch=interrupt).run(accept=True)
    assert rebuild(database, CreditLots()).run().swapped
    assert stored(connection, CreditLots.table) == expected(CreditLots(), log)
    assert parking.listed(connection) == []
