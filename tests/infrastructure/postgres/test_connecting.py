"""Connections have limits, and however long the database is away, pools keep looking for it."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from psycopg.conninfo import conninfo_to_dict

from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.connecting import RECONNECTION, bounded
from infrastructure.postgres.database import Database
from infrastructure.queries.reader import Reader

LOOKS = 6
"""Of a pool that doubles its pauses the sixth is half a minute after the first."""


@dataclass
class Ruin:
    """What is left of a server: it takes connections and drops them without a word."""

    url: str
    visits: list[float] = field(default_factory=list)
    """When somebody came, by the monotonic clock."""
    enough: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def ruin() -> Iterator[Ruin]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        ruin = Ruin(
            f"postgresql://nobody@127.0.0.1:{door.getsockname()[1]}/x?sslmode=disable&gssencmode=disable"
        )

        def receive() -> None:
            while True:
                try:
                    door.accept()[0].close()
                except OSError:  # the test is over
                    return
                ruin.visits.append(time.monotonic())
                if len(ruin.visits) >= LOOKS:
                    ruin.enough.set()

        receiving = threading.Thread(target=receive)
        receiving.start()
        yield ruin
        door.shutdown(socket.SHUT_RDWR)
        receiving.join(10)


def test_commands_look_for_the_database_every_second_however_long_it_is_away(ruin: Ruin) -> None:
    database = Database(ruin.url)
    database.open()
    assert ruin.enough.wait(10 * RECONNECTION)
    database.close()


async def test_so_do_queries(ruin: Ruin) -> None:
    reader = Reader(ruin.url, Keyring(Database(ruin.url), bytes(32)), size=2)
    await reader.open()
    assert await asyncio.to_thread(ruin.enough.wait, 10 * RECONNECTION)
    await reader.close()


def test_what_an_address_says_itself_holds() -> None:
    told = conninfo_to_dict(bounded("postgresql://ada@db/stage?connect_timeout=30", application_name="x"))
    assert (told["connect_timeout"], told["application_name"], told["host"]) == ("30", "x", "db")
    assert int(str(told["tcp_user_timeout"])) > 0
