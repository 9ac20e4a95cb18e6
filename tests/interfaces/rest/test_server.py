"""The API as a process of its own, spoken to over a socket."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
import psutil
import psycopg
import pytest

from infrastructure.settings import Settings
from interfaces.rest.routes.job_events import LONGEST_WAIT
from interfaces.rest.server import PortTaken, run
from tests.interfaces.rest.conftest import PASSWORD, picture

SERVE = """
import sys
from pathlib import Path
from infrastructure.settings import load
from interfaces.rest.server import run
run(load(), address_file=Path(sys.argv[1]))
"""


@dataclass
class Server:
    process: "subprocess.Popen[bytes]"
    address_file: Path
    log: Path

    @property
    def url(self) -> str:
        return self.address_file.read_text()

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[Server]:
    """One that a test may end."""
    with started(settings, tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def lasting(house: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(house.container.settings, tmp_path_factory.mktemp("lasting")) as server:
        yield server


@pytest.fixture
def standing(lasting: Server, settings: Settings) -> Server:  # noqa: ARG001 - what it serves is empty
    """One that all tests share which leave it as it is: to start it takes longer than most of them."""
    return lasting


@contextmanager
def started(settings: Settings, folder: Path) -> Iterator[Server]:
    """The API, until the block ends or it is killed; `folder` has its log."""
    folder.mkdir(exist_ok=True)
    file, log = folder / "address", folder / "log"
    variables = {name.upper(): str(value) for name, value in msgspec.structs.asdict(settings).items()}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(file)],
            env={**os.environ, **variables, "PORT": "0"},
            stdout=output,
            stderr=output,
        )
    server = Server(process, file, log)
    try:
        wait_until(lambda: process.poll() is not None or (file.exists() and _alive(server.url)), log)
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        for one in [*server.workers, psutil.Process(process.pid)] if process.poll() is None else []:
            one.kill()
        process.wait()


def test_with_port_0_it_tells_where_it_listens(standing: Server) -> None:
    answer = httpx.get(f"{standing.url}/api/v1/health/ready")

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert answer.headers["x-request-id"]
    assert "api.listening" in standing.log.read_text()


def test_asked_to_stop_it_finishes_what_it_has_in_hand(server: Server, ada: Any, database: Any) -> None:
    workers = server.workers
    recorded = ada.post("/jobs", {"photos": [{"upload_id": ada.upload()}], "brief": {"preset": "enhance"}})
    with socket.create_connection(place(server)) as connection:
        head = (
            f"GET /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: {ada.headers['Authorization']}\r\n"
            f"Wait-For-Position: {recorded.headers['event-position']}\r\n\r\n"
        )
        connection.sendall(head.encode())
        wait_until(lambda: _asks_for_checkpoints(database.superuser_url), server.log)
        server.process.send_signal(signal.SIGTERM)
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 503")
    assert b"read_model_behind" in answer
    assert server.process.wait(timeout=20) == 0
    assert not any(worker.is_running() for worker in workers)


def test_asked_to_stop_it_ends_open_streams_at_once(server: Server, ada: Any) -> None:
    job_id = ada.submit()
    with httpx.stream("GET", f"{server.url}/api/v1/jobs/{job_id}/events", headers=ada.headers) as answer:
        pieces = answer.iter_text()
        assert "job.submitted" in next(pieces)
        server.process.send_signal(signal.SIGTERM)
        assert "id:" not in "".join(pieces)

    assert server.process.wait(timeout=20) == 0  # its patience with requests in hand is longer


def test_a_long_poll_that_nobody_waits_for_any_more_is_over(
    settings: Settings, ada: Any, tmp_path: Path
) -> None:
    job_id = ada.submit()
    with started(msgspec.structs.replace(settings, streams_per_user=1), tmp_path / "one") as server:
        path = f"/api/v1/jobs/{job_id}/events?after={2**60}&wait="

        def refused() -> bool:
            answer = httpx.get(f"{server.url}{path}0", headers=ada.headers)
            return answer.status_code == HTTPStatus.TOO_MANY_REQUESTS

        with socket.create_connection(place(server)) as connection:
            token = ada.headers["Authorization"]
            head = f"GET {path}{LONGEST_WAIT} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n"
            connection.sendall(head.encode())
            wait_until(refused, server.log)
        left = time.monotonic()
        wait_until(lambda: not refused(), server.log)
        assert time.monotonic() - left < LONGEST_WAIT / 2


def test_its_workers_go_when_it_is_killed(server: Server) -> None:
    workers = server.workers
    assert workers

    server.process.kill()
    server.process.wait()

    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []


def test_an_upload_without_a_known_length_is_cut_off_while_it_is_read(standing: Server, ada: Any) -> None:
    head = (
        "POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: {ada.headers['Authorization']}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    part = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    megabyte = b"f4240\r\n" + bytes(1_000_000) + b"\r\n"
    sent = 0
    with socket.create_connection(place(standing), timeout=20) as connection:
        connection.sendall(head.encode() + b"%x\r\n" % len(part) + part + b"\r\n")
        try:
            while sent < 200:
                connection.sendall(megabyte)
                sent += 1
        except (BrokenPipeError, ConnectionResetError):
            pass  # it stopped reading
        answer = _received(connection)

    assert sent < 200
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")


def test_whoever_sends_a_body_that_is_not_wanted_hears_why(standing: Server) -> None:
    """Though they read nothing before they have sent it all, as proxies do."""
    head = "POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"
    with socket.create_connection(place(standing), timeout=20) as connection:
        connection.sendall(head.encode() + bytes(20_000_000))
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")
        connection.sendall(b"GET /api/v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: b"HTTP/1.1 200" in connection.recv(65536), standing.log)


def test_whoever_asks_before_sending_a_body_that_is_not_wanted_hears_why_at_once(standing: Server) -> None:
    head = "POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(place(standing), timeout=20) as connection:
        connection.sendall(head.encode())
        told = b"".join(iter(lambda: connection.recv(65536), b""))
    assert told.startswith(b"HTTP/1.1 401")


def test_a_photo_over_the_limit_is_told_so(standing: Server, ada: Any) -> None:
    answer = httpx.post(
        f"{standing.url}/api/v1/uploads",
        files={"photo": ("a.jpg", bytes(15_000_001))},
        headers=ada.headers,
        timeout=30,
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "photo_too_large")


def test_a_zip_that_cannot_be_finished_is_not_taken_for_a_whole_one(standing: Server, ada: Any) -> None:
    job_id = ada.submit(photos=2)
    ada.stage(job_id)
    folder = Path(urlsplit(ada.container.settings.object_store_url).path)
    archive = httpx.get(f"{standing.url}/api/v1/jobs/{job_id}/download", headers=ada.headers).content
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        *_, last = json.loads(opened.read("manifest.json"))["photos"]
    next(folder.rglob(last["result_sha256"])).unlink()

    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{standing.url}/api/v1/jobs/{job_id}/download", headers=ada.headers)

    assert "http.broken_off" in standing.log.read_text()


def test_the_log_has_a_line_a_request_without_anything_personal(standing: Server, ada: Any) -> None:
    token = ada.headers["Authorization"].removeprefix("Bearer ")
    httpx.get(f"{standing.url}/api/v1/me?email=ada@example.com", headers=ada.headers)

    wait_until(lambda: '"/api/v1/me"' in standing.log.read_text(), standing.log)
    written = standing.log.read_text()
    (line,) = (msgspec.json.decode(line) for line in written.splitlines() if '"/api/v1/me"' in line)
    assert (line["event"], line["status"], line["actor"]) == ("http.answered", 200, f"user:{ada.user_id}")
    assert "ada@example.com" not in written
    assert token not in written


def test_what_was_recorded_when_it_was_killed_is_answered_when_it_is_asked_again(
    server: Server, ada: Any, database: Any, settings: Settings, tmp_path: Path
) -> None:
    """Killed between recording and answering: the answers cannot be kept while their table is locked.

    Jobs are recorded with their answers or not at all, so of those there is nothing yet.
    """
    failed = ada.submit()
    ada.container.jobs.expire(UUID(failed))
    newcomer = {"email": "bea@example.com", "password": PASSWORD, "name": "Bea"}
    submission = {"photos": [{"upload_id": ada.upload()}], "brief": {"preset": "enhance"}}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("/jobs", {"json": submission}),
        (f"/jobs/{failed}/retry", {}),
        ("/uploads", {"files": {"photo": ("hall.jpg", picture("red"))}}),
        ("/auth/register", {"json": newcomer}),
    ]

    def send(url: str, path: str, more: dict[str, Any]) -> httpx.Response:
        headers = {**ada.headers, "Idempotency-Key": "once"}
        return httpx.post(f"{url}/api/v1{path}", headers=headers, timeout=60, **more)

    with psycopg.connect(database.superuser_url) as connection, ThreadPoolExecutor(4) as clients:
        before = _made(connection)
        connection.execute("LOCK TABLE stage.answers IN SHARE MODE")
        cut_off = [clients.submit(send, server.url, *request) for request in requests]
        jobs, retries, uploads, accounts = before
        wait_until(lambda: _made(connection) == (jobs, retries, uploads + 1, accounts + 1), server.log)
        wait_until(lambda: _waiting(connection) >= 2, server.log)  # the other two wait for these
        for one in [psutil.Process(server.process.pid), *server.workers]:
            one.kill()
        server.process.wait()
        assert all(isinstance(one.exception(timeout=60), httpx.TransportError) for one in cut_off)
    with started(settings, tmp_path / "again") as again:
        first, second = ([send(again.url, *request) for request in requests] for _ in range(2))

    assert [answer.status_code for answer in first] == [202, 202, 201, 201]
    assert [answer.content for answer in first] == [answer.content for answer in second]
    assert all("idempotent-replayed" in answer.headers for answer in second)
    assert all("event-position" in answer.headers for answer in (first[0], first[1], first[3]))
    with psycopg.connect(database.superuser_url) as connection:
        assert _made(connection) == tuple(count + 1 for count in before)


def _waiting(connection: psycopg.Connection[Any]) -> int:
    """How many want to keep an answer."""
    statement = "SELECT count(*) FROM pg_locks WHERE relation = 'stage.answers'::regclass AND NOT granted"
    ((waiting,),) = connection.execute(statement).fetchall()
    return int(waiting)


def _made(connection: psycopg.Connection[Any]) -> tuple[int, ...]:
    """How many first jobs, retries, uploads and accounts there are."""
    counts: tuple[int, ...] = connection.execute(
        """
        SELECT (SELECT count(*) FROM event_store.events WHERE topic = 'PhotoJob.Submitted'
                AND convert_from(state, 'UTF8')::jsonb ->> 'parent_job_id' IS NULL),
               (SELECT count(*) FROM event_store.events WHERE topic = 'PhotoJob.Submitted'
                AND convert_from(state, 'UTF8')::jsonb ->> 'parent_job_id' IS NOT NULL),
               (SELECT count(*) FROM stage.uploads),
               (SELECT count(*) FROM event_store.events WHERE topic = 'User.Registered')
        """
    ).fetchall()[0]
    return counts


def test_an_address_that_somebody_has_is_refused(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port}"):
            run(msgspec.structs.replace(settings, port=port))


def wait_until(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def _asks_for_checkpoints(url: str) -> bool:
    """Whether the server is waiting for read models just now."""
    with psycopg.connect(url) as connection:
        asked = connection.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'SELECT count(*) FROM stage.checkpoints%'"
        )
        return asked.fetchone() is not None


def _alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/health/live").status_code == 200
    except httpx.TransportError:
        return False


def place(server: Server) -> tuple[str, int]:
    parts = urlsplit(server.url)
    return str(parts.hostname), int(parts.port or 0)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""
