"""The gap-safe reader never misses an event, whatever writers, rollbacks and crashes do."""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.event_store.reader import Watermark
from infrastructure.postgres import migrations
from tests.infrastructure.event_store.appending import append
from tests.servers import FreshDatabase

SEED = 20_261_122
WRITERS = 8
WRITING_SECONDS = 3.0


@pytest.fixture
def watermark(database: FreshDatabase) -> Iterator[Watermark]:
    watermark = Watermark(database.app_url)
    yield watermark
    watermark.close()


class Cursor:
    """Reads positions after the last one it has seen, up to a limit that somebody tells."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self.at = 0
        self.seen: list[int] = []

    def read(self, upto: int | None = None) -> None:
        rows = self._connection.execute(
            """
            SELECT position FROM event_store.events
            WHERE position > %s AND position <= %s ORDER BY position
            """,
            [self.at, 2**62 if upto is None else upto],
        ).fetchall()
        self.seen += [position for (position,) in rows]
        # A plain cursor stands at the last event it saw, ours at the watermark.
        self.at = upto if upto is not None else (self.seen[-1] if self.seen else 0)

    def close(self) -> None:
        self._connection.close()


def write_at_random(connection: psycopg.Connection[Any], chance: random.Random) -> Iterator[int]:
    """Transactions of 1 to 4 events, with a pause before most ends, every fifth rolled back."""
    until = time.monotonic() + WRITING_SECONDS
    while time.monotonic() < until:
        stream = uuid4()
        positions = append(connection, *((stream, version) for version in range(1, chance.randint(2, 5))))
        time.sleep(chance.choice([0, 0, 0.001, 0.01]))
        if chance.random() < 0.2:
            connection.rollback()
        else:
            connection.commit()
            yield from positions


def test_among_pausing_and_failing_writers_nothing_is_missed(
    database: FreshDatabase, watermark: Watermark
) -> None:
    committed: list[int] = []
    done = threading.Event()
    plain, gap_safe = Cursor(database.app_url), Cursor(database.app_url)
    started = threading.Barrier(WRITERS + 2)

    def write(number: int) -> None:
        with psycopg.connect(database.app_url) as connection:
            started.wait()
            committed.extend(write_at_random(connection, random.Random(SEED + number)))

    def follow_plainly() -> None:
        started.wait()
        while not done.is_set():
            plain.read()

    def follow_safely() -> None:
        started.wait()
        while not done.is_set():
            gap_safe.read(watermark.next())

    writers = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    followers = [threading.Thread(target=follow) for follow in (follow_plainly, follow_safely)]
    for thread in (*writers, *followers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in followers:
        thread.join()
    plain.read()
    gap_safe.read(watermark.next())
    plain.close()
    gap_safe.close()

    assert len(committed) > 200, f"seed {SEED}: too little was written to mean anything"
    assert gap_safe.seen == sorted(committed), f"seed {SEED}: {len(committed)} were committed"
    assert len(plain.seen) < len(committed), (
        f"seed {SEED}: the plain cursor was lucky, so this proves nothing"
    )


def test_a_slow_transaction_holds_the_watermark_back_until_it_ends(
    database: FreshDatabase, watermark: Watermark
) -> None:
    with (
        psycopg.connect(database.app_url) as slow,
        psycopg.connect(database.app_url, autocommit=True) as quick,
    ):
        assert append(slow, (uuid4(), 1)) == [1]
        assert append(quick, (uuid4(), 1)) == [2]
        assert watermark.next(patience=0.05) == 0
        slow.commit()
        assert watermark.next() == 2


def test_a_follower_that_starts_before_the_first_append_sees_it(
    database: FreshDatabase, watermark: Watermark
) -> None:
    follower = Cursor(database.app_url)
    follower.read(watermark.next())
    assert (follower.at, follower.seen) == (0, [])
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        append(connection, (uuid4(), 1))
    follower.read(watermark.next())
    follower.close()
    assert follower.seen == [1]


def test_after_a_rolled_back_append_and_a_crash_of_postgresql_nothing_is_missed() -> None:
    """The sequence may come back lower than what a follower saw; its durable checkpoint may not."""
    server = EmbeddedPostgres(Path(mkdtemp(prefix="stage-crash-")), durable=True)
    server.start()
    watermark: Watermark | None = None
    try:
        migrations.upgrade(server.owner_url)
        with psycopg.connect(server.app_url, autocommit=True) as connection:
            append(connection, (uuid4(), 1))
        with psycopg.connect(server.app_url) as connection:
            given_up = append(connection, *((uuid4(), 1) for _ in range(100)))
            connection.rollback()
        watermark = Watermark(server.app_url)
        reached = watermark.next()
        assert reached == given_up[-1]
        with psycopg.connect(server.app_url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO stage.checkpoints (follower, position) VALUES ('crash', %s)", [reached]
            )
        server.kill()
        server.start()
        with psycopg.connect(server.app_url, autocommit=True) as connection:
            after_the_crash = append(connection, (uuid4(), 1))
            ((checkpoint,),) = connection.execute("SELECT position FROM stage.checkpoints").fetchall()
        with pytest.raises(psycopg.OperationalError):
            watermark.next()
        follower = Cursor(server.app_url)
        follower.at = checkpoint
        follower.read(watermark.next())
        follower.close()
        assert follower.seen == after_the_crash
    finally:
        if watermark is not None:
            watermark.close()
        server.remove()
