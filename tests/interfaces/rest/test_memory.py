"""However many photos arrive at once, and however slowly, the API's memory does not grow with their number."""

import io
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from infrastructure.settings import Settings
from tests.interfaces.rest.test_server import Server, place, started, wait_until

EACH = 20
"""Photos of one user."""
MOST = 250 * 10**6
"""Bytes by which the process may grow: some photos in hand, and buffers. All photos are 600 MB."""
BOUNDARY = "frontier"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n'.encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows files without a name")


def large_photo() -> bytes:
    """Nearly as large as can be, and quickly decoded, as it is not packed."""
    file = io.BytesIO()
    Image.effect_noise((2_200, 2_250), 40).convert("RGB").save(file, "PNG", compress_level=0)
    return file.getvalue()


def itself(server: Server) -> list[psutil.Process]:
    """Without the processes in which photos are opened, which have limits of their own."""
    return [one for one in server.workers if "sandbox" not in " ".join(one.cmdline())]


def memory(server: Server) -> int:
    """In bytes."""
    return sum(one.memory_info().rss for one in itself(server))


def on_disk(server: Server) -> int:
    """Bytes in files without a name."""
    files = [file for one in itself(server) for file in Path(f"/proc/{one.pid}/fd").iterdir()]
    return sum(file.stat().st_size for file in files if str(file.readlink()).endswith("(deleted)"))


def test_photos_wait_on_disk_for_their_turn(settings: Settings, users: Any, tmp_path: Path) -> None:
    photo = large_photo()
    body = HEAD + photo + END
    people = [users.join(f"{name}@example.com") for name in ("ada", "bea")]
    with started(settings, tmp_path / "server") as server, ExitStack() as open_ones:
        sending = [
            open_ones.enter_context(closing(socket.create_connection(place(server), timeout=60)))
            for _ in range(EACH * len(people))
        ]
        before, most = memory(server), 0

        for number, connection in enumerate(sending):
            head = (
                f"POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                f"Authorization: {people[number % len(people)].headers['Authorization']}\r\n"
                f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
            )
            connection.sendall(head.encode() + body[:-1])
        arrived = len(sending) * len(photo) * 98 // 100  # what is left is in buffers
        wait_until(lambda: on_disk(server) >= arrived, server.log)
        assert memory(server) - before < MOST

        for connection in sending:
            connection.sendall(body[-1:])
        with ThreadPoolExecutor(len(sending)) as clients:
            for status in clients.map(_status, sending):
                assert status == 201, server.log.read_text()
                most = max(most, memory(server) - before)
        assert most < MOST
        wait_until(lambda: on_disk(server) == 0, server.log)


def _status(connection: socket.socket) -> int:
    answer = HTTPResponse(connection)
    answer.begin()
    return answer.status
