"""A pooler in front of PostgreSQL is told from PostgreSQL itself."""

import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infrastructure.postgres.direct import NotDirect, refuse_pooler


def test_the_servers_own_address_is_taken(database: Any) -> None:
    refuse_pooler(database.app_url, "DATABASE_DIRECT_URL")


def test_a_pooler_is_refused_with_the_name_of_the_variable(database: Any) -> None:
    with _pooler(_socket_of(database)) as folder:
        through = make_conninfo(database.app_url, host=folder)
        with pytest.raises(NotDirect, match="DATABASE_DIRECT_URL leads to a connection pooler"):
            refuse_pooler(through, "DATABASE_DIRECT_URL")


def test_a_database_that_is_away_is_waited_for() -> None:
    refuse_pooler("postgresql://stage_app@localhost:1/stage", "DATABASE_URL")


def _socket_of(database: Any) -> Path:
    known = conninfo_to_dict(database.app_url)
    return Path(str(known["host"])) / f".s.PGSQL.{known.get('port', 5432)}"


@contextmanager
def _pooler(server: Path) -> Iterator[str]:
    """What a pooler does that matters here: its clients are told a number of its own for their process."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/{server.name}")
        listening.listen()
        threading.Thread(target=_serve, args=(listening, server), daemon=True).start()
        yield folder


def _serve(listening: socket.socket, server: Path) -> None:
    with suppress(OSError):
        client, _ = listening.accept()
        with client, socket.socket(socket.AF_UNIX) as behind:
            behind.connect(str(server))
            threading.Thread(target=_forward, args=(client, behind), daemon=True).start()
            while answer := behind.recv(65536):
                client.sendall(_renumbered(answer))


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)


def _renumbered(answer: bytes) -> bytes:
    """With another process in BackendKeyData ('K', its length of 12, process and secret)."""
    head = b"K" + struct.pack(">i", 12)
    before, found, after = answer.partition(head)
    return before + found + struct.pack(">i", 4_711_000) + after[4:] if found else answer
