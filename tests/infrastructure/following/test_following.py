"""Followers get every event once, in order, whatever ends their connections and servers."""

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg
import pytest
import redis

from application.projections.registry import PROJECTIONS
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.following.follower import BATCH
from infrastructure.following.following import Following
from infrastructure.following.wake import Wake
from infrastructure.postgres import migrations
from infrastructure.projections.engine import Projector
from tests.application.projections.histories import Play
from tests.infrastructure.event_store.appending import append as append_bare
from tests.infrastructure.following.tally import (
    Tally,
    append,
    following,
    of,
    prepare,
    prepared,
    terminate,
    until,
)
from tests.infrastructure.projections.parts import Parts, connected, parts
from tests.infrastructure.projections.test_projector import expected, stored
from tests.servers import FreshDatabase

NO_REDIS = "redis://127.0.0.1:1/0"
"""Nobody listens there, so followers have to look themselves."""
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def here(database: FreshDatabase) -> Iterator[Parts]:
    with prepared(database.app_url), parts(database.app_url) as here:
        yield here


def checkpoint(app_url: str, follower: str) -> int | None:
    with connected(app_url) as connection:
        row = connection.execute(
            "SELECT position FROM stage.checkpoints WHERE follower = %s", [follower]
        ).fetchone()
    return row[0] if row else None


def reached(process: Following, position: int, by: str = "tally") -> None:
    """Wait until this follower is at this position, or fail."""
    until(lambda: of(process, by).position == position)


def test_all_read_models_follow_what_happens(
    database: FreshDatabase, here: Parts, valkey: EmbeddedValkey
) -> None:
    play = Play(random.Random(5), here.store.save)
    play.run(40)
    consumers = [Projector(projection) for projection in PROJECTIONS]
    with following(here, database.app_url, valkey.url, *consumers) as process:
        play.run(40)
        log = here.log()
        until(lambda: all(progress.position == log[-1].position for progress in process.progress))
        assert [(one.leading, one.lag, one.error) for one in process.progress] == [(True, 0, None)] * len(
            PROJECTIONS
        )
    with connected(database.app_url) as connection:
        for projection in PROJECTIONS:
            assert stored(connection, projection.table) == expected(projection, log)


def test_a_long_log_is_read_in_batches(database: FreshDatabase, here: Parts) -> None:
    appended = append(here, 2 * BATCH + 1)
    tally = Tally(database.app_url)
    with following(here, database.app_url, NO_REDIS, tally) as process:
        reached(process, appended[-1])
    assert tally.batches == [BATCH, BATCH, 1]
    assert tally.positions == appended


def test_the_checkpoint_also_passes_what_is_of_no_interest(database: FreshDatabase, here: Parts) -> None:
    first = append(here, 3)
    tally = Tally(database.app_url, events=frozenset({"User.Registered"}))
    with following(here, database.app_url, NO_REDIS, tally) as process:
        reached(process, first[-1])
        assert checkpoint(database.app_url, "tally") == first[-1]
        more = append(here, 2)
        reached(process, more[-1])
    assert tally.positions == [first[0], more[0]]


@pytest.mark.parametrize("moment", ["before", "after", "kept"])
def test_a_crash_neither_loses_nor_doubles_anything(
    database: FreshDatabase, here: Parts, moment: str
) -> None:
    """Its connection is ended before the work, between work and commit, or right after the commit."""
    crashes = iter(range(4))

    def crash(now: str, pid: int) -> None:
        if now == moment and next(crashes, None) is not None:
            terminate(database.superuser_url, pid)

    tally = Tally(database.app_url, at=crash)
    with following(here, database.app_url, NO_REDIS, tally) as process:
        appended: list[int] = []
        for _ in range(6):
            appended += append(here, 2)
            reached(process, appended[-1])
    assert next(crashes, None) is None, "it did not crash as often as it should have"
    assert tally.positions == appended


def test_one_leads_and_another_takes_over(database: FreshDatabase, here: Parts) -> None:
    one, other = Tally(database.app_url), Tally(database.app_url)
    with (
        following(here, database.app_url, NO_REDIS, one) as first,
        following(here, database.app_url, NO_REDIS, other) as second,
    ):
        until(lambda: sum(of(process, "tally").leading for process in (first, second)) == 1)
        appended = append(here)
        until(lambda: all(of(process, "tally").position == appended[-1] for process in (first, second)))
        assert sorted([one.batches, other.batches]) == [[], [1]]
        leading, standby = (one, other) if one.batches else (other, one)
        terminate(database.superuser_url, leading.pid)
        until(lambda: sum(of(process, "tally").leading for process in (first, second)) == 1)
        appended += append(here)
        until(lambda: one.positions == appended)
    assert len(leading.batches) + len(standby.batches) == 2


def test_a_standby_leads_once_the_leader_stops(database: FreshDatabase, here: Parts) -> None:
    one, other = Tally(database.app_url), Tally(database.app_url)
    with following(here, database.app_url, NO_REDIS, one) as first:
        until(lambda: of(first, "tally").leading)
        with following(here, database.app_url, NO_REDIS, other) as second:
            appended = append(here)
            until(lambda: of(second, "tally").position == appended[-1])
            assert not of(second, "tally").leading
            first.stop()
            until(lambda: of(second, "tally").leading)
            appended += append(here)
            until(lambda: of(second, "tally").position == appended[-1])
    assert (one.batches, other.batches) == ([1], [1])


class Broken(Exception):
    """What a consumer with a bug raises."""


def test_a_consumer_that_fails_holds_nobody_else_up_and_goes_on_once_it_can(
    database: FreshDatabase, here: Parts
) -> None:
    mended = False

    def fail(now: str, _pid: int) -> None:
        if now == "after" and not mended:
            raise Broken

    failing, other = Tally(database.app_url, "failing", at=fail), Tally(database.app_url, "other")
    with following(here, database.app_url, NO_REDIS, failing, other) as process:
        appended = append(here, 2)
        reached(process, appended[-1], by="other")
        until(lambda: of(process, "failing").error is not None)
        state = of(process, "failing")
        assert (state.error, state.leading, state.position, state.lag) == ("Broken: ", True, 0, 2)
        assert failing.positions == []
        mended = True
        reached(process, appended[-1], by="failing")
        until(lambda: of(process, "failing").error is None)
    assert failing.positions == other.positions == appended


def test_a_checkpoint_that_somebody_moved_is_obeyed(database: FreshDatabase, here: Parts) -> None:
    def interfere(now: str, _pid: int) -> None:
        if now == "before" and len(tally.batches) == 1:
            with connected(database.app_url) as connection:
                connection.execute("UPDATE stage.checkpoints SET position = position + 1")

    tally = Tally(database.app_url, at=interfere)
    with following(here, database.app_url, NO_REDIS, tally) as process:
        first = append(here)
        reached(process, first[-1])
        more = append(here, 3)
        reached(process, more[-1])
    assert tally.positions == [*first, *more[1:]]


def test_a_message_on_redis_wakes_followers(
    database: FreshDatabase, here: Parts, valkey: EmbeddedValkey
) -> None:
    """While Valkey is away, and after it came back empty, followers still see everything."""
    tally = Tally(database.app_url)
    with following(here, database.app_url, valkey.url, tally) as process:
        until(lambda: process.woken)
        valkey.kill()
        until(lambda: not process.woken)
        unheard = append(here)
        reached(process, unheard[-1])
        valkey.start()
        until(lambda: process.woken)
        with redis.Redis.from_url(valkey.url) as client:
            wake = Wake(client)
            heard = append(here)
            wake()
            reached(process, heard[-1])
            wake.close()
    assert tally.positions == [*unheard, *heard]


def test_postgresql_may_go_and_come_back(
    database: FreshDatabase, here: Parts, postgres: EmbeddedPostgres
) -> None:
    tally = Tally(database.app_url)
    with following(here, database.app_url, NO_REDIS, tally) as process:
        before = append(here, 2)
        reached(process, before[-1])
        postgres.kill()
        until(lambda: not of(process, "tally").leading)
        postgres.start()
        until(lambda: of(process, "tally").leading)
        after = append(here, 2)
        reached(process, after[-1])
        until(lambda: of(process, "tally").error is None)
    assert tally.positions == [*before, *after]


def test_positions_drawn_again_after_a_crash_are_not_skipped() -> None:
    """A crash can take back positions that a follower had already passed, its checkpoint with them."""
    server = EmbeddedPostgres(Path(mkdtemp(prefix="stage-crash-")))
    server.start()
    try:
        migrations.upgrade(server.owner_url)
        prepare(server.app_url)
        tally = Tally(server.app_url)
        with parts(server.app_url) as here, following(here, server.app_url, NO_REDIS, tally) as process:
            appended = append(here)
            for _ in range(2):
                give_up(server.app_url, events=100)
                until(lambda: (of(process, "tally").position or 0) > 100)
                server.kill()
                until(lambda: not of(process, "tally").leading)
                server.start()
                until(lambda: of(process, "tally").leading)
                appended += append(here)
                reached(process, appended[-1])
        assert tally.positions == appended
    finally:
        server.remove()


def give_up(app_url: str, *, events: int) -> None:
    """Draw positions in a transaction that is rolled back."""
    with psycopg.connect(app_url) as connection:
        append_bare(connection, *((uuid4(), 1) for _ in range(events)))
        connection.rollback()


def test_it_stops_while_everything_is_away(here: Parts) -> None:
    tally = Tally(NOWHERE)
    with following(here, NOWHERE, NO_REDIS, tally) as process:
        until(lambda: of(process, "tally").error is not None)
        state = of(process, "tally")
        assert (state.leading, state.position, state.lag) == (False, None, None)
