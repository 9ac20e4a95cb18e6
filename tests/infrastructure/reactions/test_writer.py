"""The writer as its follower calls it: rows from events, once each, and the bell after the commit."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
import redis

from application.reactions import Reaction, Rule
from application.recorded import Recorded
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.following.consumer import Consumer
from infrastructure.postgres.database import Database
from infrastructure.reactions.bell import MOST, Bell, BellSilent
from infrastructure.reactions.writer import NOBODY, ReactionWriter

STREAM = uuid4()
NOW = datetime.now(UTC)
NOWHERE = "redis://127.0.0.1:1"


@dataclass(frozen=True)
class Listed:
    """An event that names what is to be done."""

    things: tuple[str, ...]


def do_each(recorded: Recorded) -> Iterator[Reaction]:
    for thing in recorded.event.things:
        yield Reaction("do", thing, {"thing": thing})


A_MOMENT = timedelta(seconds=0.2)


def do_soon(recorded: Recorded) -> Iterator[Reaction]:
    return (replace(reaction, delay=A_MOMENT) for reaction in do_each(recorded))


def remember(_recorded: Recorded) -> Iterator[Reaction]:
    yield Reaction("remember", "", {}, delay=timedelta(hours=24))


RULES = (
    Rule("do", frozenset({"Test.Listed"}), do_each),
    Rule("remember", frozenset({"Test.Listed", "Test.Other"}), remember),
)


def recorded(position: int, *things: str, name: str = "Test.Listed", owner: UUID | None = None) -> Recorded:
    return Recorded(
        position=position,
        stream_id=STREAM,
        version=position,
        name=name,
        event=Listed(things),
        owner=owner,
        actor="user:1",
        cause="request:1",
        correlation=f"request-{position}",
        recorded_at=NOW,
    )


@pytest.fixture
def client(valkey: EmbeddedValkey) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(valkey.url) as client:
        yield client


@pytest.fixture
def bell(client: "redis.Redis") -> Bell:
    return Bell(client)


def bells(client: "redis.Redis", kind: str) -> int:
    waiting: Any = client.llen(f"stage:bells:{kind}")
    return int(waiting)


def consume(pool: Database, writer: ReactionWriter, *batch: Recorded) -> None:
    with pool.connection() as connection, connection.transaction():
        writer.consume(connection, batch)
    writer.committed()


def rows(pool: Database) -> list[tuple[Any, ...]]:
    with pool.connection() as connection:
        return connection.execute(
            'SELECT kind, owner, "references", due_at, cause_position, correlation, state, attempts '
            "FROM stage.reactions ORDER BY kind, cause_position"
        ).fetchall()


def test_events_become_rows_by_the_rules(pool: Database, bell: Bell) -> None:
    owner = uuid4()
    writer = ReactionWriter(RULES, bell)
    consume(pool, writer, recorded(5, "wash", owner=owner), recorded(6, name="Test.Other"))
    assert rows(pool) == [
        ("do", owner, {"thing": "wash"}, NOW, 5, "request-5", "due", 0),
        ("remember", owner, {}, NOW + timedelta(hours=24), 5, "request-5", "due", 0),
        ("remember", NOBODY, {}, NOW + timedelta(hours=24), 6, "request-6", "due", 0),
    ]


def test_it_follows_the_events_of_its_rules(bell: Bell) -> None:
    follower: Consumer = ReactionWriter(RULES, bell)
    assert (follower.name, follower.events) == ("reactions", frozenset({"Test.Listed", "Test.Other"}))


def test_an_id_follows_from_the_event_the_kind_and_the_item(pool: Database, bell: Bell) -> None:
    consume(pool, ReactionWriter(RULES, bell), recorded(5, "wash"))
    assert pool.one("SELECT id FROM stage.reactions WHERE kind = 'do'") == (uuid5(STREAM, "5/do/wash"),)


def test_it_rings_after_the_commit_for_what_is_due_at_once(
    pool: Database, bell: Bell, client: "redis.Redis"
) -> None:
    writer = ReactionWriter(RULES, bell)
    with pool.connection() as connection, connection.transaction():
        writer.consume(connection, [recorded(5, "wash", "dry")])
        assert bells(client, "do") == 0
    writer.committed()
    assert Counter(do=bells(client, "do"), remember=bells(client, "remember")) == Counter(do=2)


def test_it_rings_for_what_is_due_soon_when_it_is_due(
    pool: Database, bell: Bell, client: "redis.Redis"
) -> None:
    rule = Rule("do", frozenset({"Test.Listed"}), do_soon)
    now = pool.now()
    consume(pool, ReactionWriter([rule], bell), recorded(5, "wash", "dry")._replace(recorded_at=now))
    assert client.blpop(["stage:bells:do"], timeout=10)
    assert pool.now() - now >= A_MOMENT
    assert client.blpop(["stage:bells:do"], timeout=10)
    assert bells(client, "do") == 0


def test_a_batch_that_comes_again_changes_nothing_and_rings_for_nothing(
    pool: Database, bell: Bell, client: "redis.Redis"
) -> None:
    batch = [recorded(5, "wash"), recorded(6, "dry")]
    consume(pool, ReactionWriter(RULES, bell), *batch)
    pool.execute("UPDATE stage.reactions SET state = 'done', ended_at = now() WHERE cause_position = 5")
    before = rows(pool)
    consume(pool, ReactionWriter(RULES, bell), *batch)
    assert (rows(pool), bells(client, "do")) == (before, 2)


def test_a_batch_that_was_rolled_back_does_not_ring_later(
    pool: Database, bell: Bell, client: "redis.Redis"
) -> None:
    writer = ReactionWriter(RULES, bell)
    with pool.connection() as connection:
        with connection.transaction(force_rollback=True):
            writer.consume(connection, [recorded(5, "wash", "dry")])
        with connection.transaction():
            writer.consume(connection, [recorded(5, "wash", "dry")])
    writer.committed()
    assert (len(rows(pool)), bells(client, "do")) == (3, 2)


def test_events_that_ask_for_nothing_write_nothing(pool: Database, bell: Bell) -> None:
    consume(pool, ReactionWriter(RULES[:1], bell), recorded(5))
    assert rows(pool) == []


def test_without_redis_the_rows_are_written_and_nothing_is_raised(pool: Database) -> None:
    nobody = redis.Redis.from_url(NOWHERE)
    consume(pool, ReactionWriter(RULES, Bell(nobody)), recorded(5, "wash"))
    assert len(rows(pool)) == 2


class BrokenBell(Bell):
    def __init__(self) -> None:
        super().__init__(redis.Redis.from_url(NOWHERE))
        self.rung = 0

    def ring(self, kind: str, times: int = 1) -> None:
        self.rung += 1
        super().ring(kind, times)


def test_a_bell_that_nobody_hears_does_not_hold_the_next_batches_up(pool: Database) -> None:
    bell = BrokenBell()
    writer = ReactionWriter(RULES, bell)
    for position in range(5, 10):
        consume(pool, writer, recorded(position, "wash"))
    assert (len(rows(pool)), bell.rung) == (10, 1)


def test_a_bell_that_nobody_hears_says_so() -> None:
    bell = Bell(redis.Redis.from_url(NOWHERE))
    with pytest.raises(BellSilent):
        bell.ring("do")
    with pytest.raises(BellSilent):
        bell.ring_up_to("do", 1)


def test_no_more_bells_wait_than_there_is_work_nor_than_a_bound(bell: Bell, client: "redis.Redis") -> None:
    bell.ring("do", 2)
    bell.ring_up_to("do", 5)
    bell.ring_up_to("do", 3)
    assert bells(client, "do") == 5
    bell.ring("do", MOST)
    assert bells(client, "do") == MOST
