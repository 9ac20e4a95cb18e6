"""Verifying a read model finds every row that is not what its stream says, and a past row can be shown."""

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import TupleRow

from application.projections.credit_lots import CreditLots
from application.projections.projection import Projection
from application.projections.registry import PROJECTIONS
from application.projections.statement import Statement
from infrastructure.event_store.mapper import EventMapper
from infrastructure.projections.columns import Columns
from infrastructure.projections.history import AsOf, rows_as_of
from infrastructure.projections.streams import WHOSE, NoKeys, NotApart, apart
from infrastructure.projections.verifying import verify
from tests.application.projections.histories import Play
from tests.application.projections.open_jobs import OpenJobs
from tests.infrastructure.projections.parts import Parts, connected, parts
from tests.infrastructure.projections.poison import Buggy
from tests.infrastructure.projections.test_parking import follow
from tests.infrastructure.projections.test_projector import expected
from tests.servers import FreshDatabase

Connection = psycopg.Connection[TupleRow]


@pytest.fixture
def here(database: FreshDatabase) -> Iterator[Parts]:
    with parts(database.app_url) as here:
        Play(random.Random(1), here.store.save).run(100)
        yield here


@pytest.fixture
def connection(database: FreshDatabase) -> Iterator[Connection]:
    with connected(database.app_url) as connection:
        yield connection


@pytest.mark.parametrize("sample", [False, True])
@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.table.versioned_name)
def test_right_rows_are_found_right(
    database: FreshDatabase, here: Parts, connection: Connection, projection: Projection[Any], *, sample: bool
) -> None:
    log = here.log()
    follow(connection, projection, log)
    verified = verify(database.app_url, projection, sample=sample)
    assert (verified.differing, verified.rows) == (0, len(expected(projection, log)))
    assert verified.whole is not sample


def test_changed_missing_and_invented_rows_are_found(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    log = here.log()
    follow(connection, CreditLots(), log)
    changed, missing, copied = sorted(expected(CreditLots(), log))[:3]
    invented = "00000000-0000-4000-8000-000000000000"
    table = f"read_models.{CreditLots.table.versioned_name}"
    of_row = "WHERE (lot_id, until) = (%s, %s)"
    connection.execute(f"UPDATE {table} SET spent = 7 {of_row}".encode(), changed[:2])
    connection.execute(f"DELETE FROM {table} {of_row}".encode(), missing[:2])
    connection.execute(
        f"""
        INSERT INTO {table}
        SELECT (jsonb_populate_record(lots, jsonb_build_object('lot_id', %s::text))).*
        FROM {table} AS lots {of_row}
        """.encode(),
        [invented, *copied[:2]],
    )
    verified = verify(database.app_url, CreditLots())
    shown = {str(one.key[0]): (one.live is None, one.rebuilt is None) for one in verified.shown}
    assert verified.differing == 3
    assert shown == {
        str(changed[0]): (False, False),
        str(missing[0]): (True, False),
        invented: (False, True),
    }


def test_rows_of_parked_events_are_not_held_against_it(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    log = here.log()
    victim = [recorded for recorded in log if recorded.name == "CreditLedger.Held"][2]
    follow(connection, Buggy(CreditLots(), lambda recorded: recorded.position == victim.position), log)
    verified = verify(database.app_url, CreditLots())
    assert verified.differing == 0
    assert verified.parked > 0


def test_rows_that_follow_from_anybodys_events_are_verified_by_a_rebuild(database: FreshDatabase) -> None:
    with pytest.raises(NotApart):
        verify(database.app_url, OpenJobs())


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.table.versioned_name)
def test_rows_can_be_shown_as_of_any_version_position_or_moment(
    here: Parts, connection: Connection, projection: Projection[Any]
) -> None:
    mapper, columns = EventMapper(NoKeys()), Columns(projection.table.row)
    log = here.log()
    chance = random.Random(2)
    for last in chance.sample([one for one in log if one.name in projection.events], 5):
        whose = WHOSE[apart(projection).by]
        its_own = [one for one in log if whose(one) == whose(last)]
        by = {
            "version": AsOf(version=last.version),
            "position": AsOf(position=last.position),
            "moment": AsOf(moment=last.recorded_at),
        }
        for bound, as_of in by.items():
            found = rows_as_of(connection, mapper, projection, whose(last), as_of)
            prefix = [one for one in its_own if getattr(one, BOUNDS[bound]) <= getattr(last, BOUNDS[bound])]
            assert (found.version, found.position) == (prefix[-1].version, prefix[-1].position)
            assert {
                tuple(tuple(value) if isinstance(value, list) else value for value in columns.stored(row))
                for row in found.rows
            } == expected(projection, prefix)


BOUNDS = {"version": "version", "position": "position", "moment": "recorded_at"}


def test_before_a_stream_begins_there_is_nothing(here: Parts, connection: Connection) -> None:
    first = next(one for one in here.log() if one.name in Statement.events)
    mapper = EventMapper(NoKeys())
    found = rows_as_of(connection, mapper, Statement(), first.stream_id, AsOf(position=first.position - 1))
    assert (found.version, found.rows) == (0, [])
    with pytest.raises(NotApart):
        rows_as_of(connection, mapper, OpenJobs(), first.stream_id, AsOf())
