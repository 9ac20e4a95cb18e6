"""Rotating the master key, killed in the middle: every text opens all the while, and the next run does the rest."""

import multiprocessing
import time
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.database import Database
from tests.infrastructure.projections.parts import MASTER_KEY
from tests.servers import FreshDatabase

NEW_KEY = b"n" * 32
KEYS = 2000
USERS = [UUID(int=number) for number in range(1, KEYS + 1)]


@pytest.fixture
def opened(database: FreshDatabase) -> Iterator[Database]:
    opened = Database(database.app_url)
    opened.open()
    yield opened
    opened.close()


def rotate(url: str) -> None:
    database = Database(url)
    database.open()
    Keyring(database, NEW_KEY, previous_master_key=MASTER_KEY).rewrap()


def test_killed_halfway_it_goes_on_and_nothing_is_lost(database: FreshDatabase, opened: Database) -> None:
    old = Keyring(opened, MASTER_KEY)
    with opened.transaction():
        tokens = {user: old.seal(user, f"text of {user}") for user in USERS}
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        ((before,),) = connection.execute("SELECT substr(min(wrapped), 1, 4) FROM stage.data_keys").fetchall()

        def left() -> int:
            asked = "SELECT count(*) FROM stage.data_keys WHERE substr(wrapped, 1, 4) = %s"
            ((count,),) = connection.execute(asked, [before]).fetchall()
            return int(count)

        assert left() == KEYS
        child = multiprocessing.get_context("spawn").Process(target=rotate, args=[database.app_url])
        child.start()
        while left() == KEYS:
            assert child.is_alive()
            time.sleep(0.001)
        child.kill()
        child.join()
        undone = left()
    assert 0 < undone < KEYS

    both = Keyring(opened, NEW_KEY, previous_master_key=MASTER_KEY)
    assert [both.open(tokens[user]) for user in USERS] == [f"text of {user}" for user in USERS]
    assert both.rewrap() in (undone, undone - 1)  # the last one that it asked for may have come true after it
    alone = Keyring(opened, NEW_KEY)
    assert [alone.open(tokens[user]) for user in USERS] == [f"text of {user}" for user in USERS]
