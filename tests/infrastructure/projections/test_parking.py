"""Events that a projection cannot digest: they hold up nobody else, and are folded in order once they can be."""

import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import TupleRow

from application.projections.credit_lots import PRESENT, CreditLots
from application.projections.jobs import Jobs
from application.projections.projection import Projection
from application.projections.registry import PROJECTIONS
from application.projections.statement import Statement
from application.recorded import Recorded
from domain.credit_ledger import CreditLedger
from domain.lots import Source
from infrastructure.following import checkpoints
from infrastructure.projections import parking
from infrastructure.projections.engine import Projector
from infrastructure.projections.retrying import retry
from tests.application.projections.histories import MORNING, Play
from tests.infrastructure.projections.parts import Parts, connected, parts
from tests.infrastructure.projections.poison import Buggy
from tests.infrastructure.projections.test_projector import expected, stored
from tests.servers import FreshDatabase

Connection = psycopg.Connection[TupleRow]


@pytest.fixture
def here(database: FreshDatabase) -> Iterator[Parts]:
    with parts(database.app_url) as here:
        yield here


@pytest.fixture
def connection(database: FreshDatabase) -> Iterator[Connection]:
    with connected(database.app_url) as connection:
        yield connection


def follow(connection: Connection, projection: Projection[Any], log: list[Recorded], size: int = 40) -> None:
    """As its follower would."""
    projector = Projector(projection)
    checkpoints.begin(connection, projector.name)
    left = [recorded for recorded in log if recorded.name in projection.events]
    while left:
        batch, left = left[:size], left[size:]
        with connection.transaction():
            projector.consume(connection, batch)
            at = checkpoints.position_of(connection, projector.name) or 0
            checkpoints.move(connection, projector.name, expected=at, position=batch[-1].position)


def parked(connection: Connection, projection: Projection[Any]) -> list[int]:
    return [event.position for event in parking.listed(connection, projection.table.versioned_name)]


def test_only_the_rows_that_it_touches_are_held_back(here: Parts, connection: Connection) -> None:
    ledger = CreditLedger.open(uuid4())
    first, second = uuid4(), uuid4()
    ledger.grant(first, Source.PURCHASE, 20, reference="a")
    ledger.grant(second, Source.PROMO, 20, reference="b")
    ledger.hold(job := uuid4(), 5, MORNING)  # of the promo
    ledger.grant(third := uuid4(), Source.PURCHASE, 20, reference="c")
    ledger.settle(job, delivered=5, now=MORNING)
    here.store.save(ledger)
    log = here.log()
    buggy = Buggy(CreditLots(), lambda recorded: isinstance(recorded.event, CreditLedger.Held))
    follow(connection, buggy, log)
    events = parking.listed(connection)
    assert [(event.name, event.keys, event.error is None) for event in events] == [
        ("CreditLedger.Held", [f"{second}/{PRESENT}"], False),
        ("CreditLedger.Settled", [f"{second}/{PRESENT}"], True),
    ]
    assert {row[0] for row in stored(connection, CreditLots.table)} == {first, second, third}
    assert retry(connection, CreditLots()) == (2, 0)
    assert stored(connection, CreditLots.table) == expected(CreditLots(), log)


def test_a_row_that_could_not_be_made_holds_back_its_stream(here: Parts, connection: Connection) -> None:
    Play(random.Random(1), here.store.save).run(60)
    log = here.log()
    jobs = [recorded for recorded in log if recorded.name in Jobs.events]
    victim = next(recorded for recorded in jobs if recorded.name == "PhotoJob.Submitted")
    follow(connection, Buggy(Jobs(), lambda recorded: recorded.position == victim.position), log)
    its_own = [recorded for recorded in jobs if recorded.stream_id == victim.stream_id]
    assert parked(connection, Jobs()) == [recorded.position for recorded in its_own]
    others = [recorded for recorded in log if recorded.stream_id != victim.stream_id]
    assert stored(connection, Jobs.table) == expected(Jobs(), others)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.table.versioned_name)
@pytest.mark.parametrize("size", [1, 7, 400])
def test_a_retry_makes_good_whatever_was_left_out(
    here: Parts, connection: Connection, projection: Projection[Any], size: int
) -> None:
    """In batches of any size, with the bug gone at first in part, while more happens."""
    chance = random.Random(size)
    play = Play(chance, here.store.save)
    play.run(80)
    log = here.log()
    bad = {recorded.position for recorded in log if chance.random() < 0.05}
    worst = set(list(bad)[::2])
    follow(connection, Buggy(projection, lambda recorded: recorded.position in bad), log, size)
    before = parked(connection, projection)
    retry(connection, Buggy(projection, lambda recorded: recorded.position in worst), limit=9)
    assert set(parked(connection, projection)) <= set(before)
    play.run(20)
    more = here.log()[len(log) :]
    follow(connection, Buggy(projection, lambda recorded: recorded.position in worst), more, size)
    assert retry(connection, projection, limit=9).left == 0
    assert stored(connection, projection.table) == expected(projection, [*log, *more])
    assert parked(connection, projection) == []


def test_an_event_that_cannot_be_decoded_is_parked(
    database: FreshDatabase, here: Parts, connection: Connection
) -> None:
    ledger = CreditLedger.open(uuid4())
    ledger.grant_trial()
    here.store.save(ledger)
    with connected(database.superuser_url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE event_store.events SET state = '{}' WHERE originator_version = 2")
    follow(connection, Statement(), here.log())
    (event,) = parking.listed(connection, Statement.table.versioned_name)
    assert "ValidationError" in str(event.error)
    assert len(stored(connection, Statement.table)) == 1


def test_a_row_that_the_table_refuses_parks_its_event(here: Parts, connection: Connection) -> None:
    """A text that PostgreSQL cannot hold."""
    ledger = CreditLedger.open(uuid4())
    ledger.grant(uuid4(), Source.PROMO, 3, reference="a\x00b")
    ledger.grant(uuid4(), Source.PROMO, 3, reference="some")
    here.store.save(ledger)
    follow(connection, CreditLots(), here.log())
    events = parking.listed(connection)
    assert [(event.keys, event.error is None) for event in events] == [
        ([f"stream {ledger.id}"], False),
        ([f"stream {ledger.id}"], True),
    ]
    assert stored(connection, CreditLots.table) == set()
