"""Whoever holds the followers back is named, and so is how far each follower is behind."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID

import psycopg
import pytest
from structlog.testing import capture_logs

from application.projections.registry import PROJECTIONS
from infrastructure import wiring
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.event_store.reader import Watermark
from infrastructure.following import checkpoints
from infrastructure.following.lags import lags
from infrastructure.following.stalls import StallAlarm, holders
from infrastructure.postgres import migrations
from tests.infrastructure.event_store.appending import append as append_bare
from tests.infrastructure.following.tally import Tally, append, following, of, prepared, until
from tests.infrastructure.following.test_following import NO_REDIS
from tests.infrastructure.projections.parts import Parts, connected, parts
from tests.servers import FreshDatabase


@pytest.fixture
def here(database: FreshDatabase) -> Iterator[Parts]:
    with prepared(database.app_url), parts(database.app_url) as here:
        yield here


def test_the_transaction_that_holds_followers_back_is_named(database: FreshDatabase, here: Parts) -> None:
    append(here)
    with psycopg.connect(database.superuser_url, application_name="somebody") as other:
        other.execute("SELECT pg_current_xact_id()")
        other.execute("SELECT 'the last thing that it did'")
        append(here)
        watermark = Watermark(database.app_url)
        before = watermark.next(patience=0.01)
        held_back = watermark.held_back
        with connected(database.app_url) as connection:
            (holder,) = [
                one for one in holders(connection, older_than=0) if one.pid == other.info.backend_pid
            ]
        assert (holder.application_name, holder.role, holder.prepared) == ("somebody", "postgres", None)
        assert "the last thing that it did" in str(holder.query)
        assert holder.seconds > 0
        other.rollback()
    assert watermark.next() > before
    assert (held_back, watermark.held_back) == (True, False)
    watermark.close()


def test_a_stall_is_told_once_and_so_is_its_end(database: FreshDatabase) -> None:
    alarm = StallAlarm(database.app_url, patience=0)
    with (
        psycopg.connect(database.superuser_url, application_name="somebody") as other,
        capture_logs() as logs,
    ):
        other.execute("SELECT pg_current_xact_id()")
        pid = other.info.backend_pid
        for _ in range(3):
            alarm.look(held_back=True)
        assert alarm.seconds > 0
        alarm.look(held_back=False)
    assert alarm.seconds == 0
    told: list[Any] = [line for line in logs if line.get("pid") == pid]
    assert [(line["event"], line["application_name"]) for line in told] == [("follower.stalled", "somebody")]
    assert [line["event"] for line in logs].count("follower.goes_on") == 1


@pytest.fixture
def preparing() -> Iterator[EmbeddedPostgres]:
    """A server that takes PREPARE TRANSACTION, which by default none does."""
    server = EmbeddedPostgres(Path(mkdtemp(prefix="stage-preparing-")), durable=False)
    server.start()
    with connected(server.superuser_url) as connection:
        connection.execute("ALTER SYSTEM SET max_prepared_transactions = 2")
    server.stop()
    server.start()
    yield server
    server.remove()


def test_a_prepared_transaction_that_holds_followers_back_is_named(preparing: EmbeddedPostgres) -> None:
    migrations.upgrade(preparing.owner_url)
    url = preparing.app_url
    with psycopg.connect(url) as other:
        append_bare(other, (UUID(int=1), 1))
        other.execute("PREPARE TRANSACTION 'forgotten'")
    watermark = Watermark(url)
    with connected(url) as connection:
        append_bare(connection, (UUID(int=2), 1))
        before = watermark.next(patience=0.01)
        held_back = watermark.held_back
        (holder,) = holders(connection, older_than=0)
        with capture_logs() as logs:
            StallAlarm(url, patience=0).look(held_back=held_back)
        connection.execute("COMMIT PREPARED 'forgotten'")
        after = watermark.next()
        assert holders(connection, older_than=0) == []
    watermark.close()
    assert (holder.prepared, holder.pid, holder.role) == ("forgotten", None, "stage_app")
    assert holder.seconds > 0
    assert [(line["event"], line["prepared"]) for line in logs] == [("follower.stalled", "forgotten")]
    assert (before, held_back, after, watermark.held_back) == (0, True, 2, False)


def test_lag_counts_only_what_a_follower_wants(database: FreshDatabase, here: Parts) -> None:
    """Positions that it passes by are none of its business, nor are those that were given up."""
    first, *_ = append(here, 4)
    wanted = {"all": None, "registrations": frozenset({"User.Registered"}), "none": frozenset({"Nothing.Is"})}
    with connected(database.app_url) as connection:
        new = lags(connection, wanted)
        assert [(lag.position, lag.events) for lag in new] == [(0, 4), (0, 1), (0, 0)]
        assert [lag.seconds > 0 for lag in new] == [True, True, False]
        for follower in wanted:
            checkpoints.begin(connection, follower)
            checkpoints.move(connection, follower, expected=0, position=first)
        assert [lag.events for lag in lags(connection, wanted)] == [3, 0, 0]
        assert [lag.leader for lag in lags(connection, wanted)] == [None, None, None]


def test_the_leader_is_known(database: FreshDatabase, here: Parts) -> None:
    tally = Tally(database.app_url)
    with (
        following(here, database.app_url, NO_REDIS, tally) as process,
        connected(database.app_url) as looking,
    ):
        end = append(here)[-1]
        until(lambda: of(process, "tally").position == end)
        (lag,) = lags(looking, {"tally": None})
        assert (lag.leader, lag.events, lag.seconds) == (tally.pid, 0, 0)


def test_every_projection_is_among_the_followers() -> None:
    names = {projection.table.versioned_name for projection in PROJECTIONS}
    assert names | {"reactions"} == set(wiring.followers())
