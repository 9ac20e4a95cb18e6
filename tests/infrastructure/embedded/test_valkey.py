"""The embedded Valkey is private, keeps its address, and is gone when its starter was killed."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from infrastructure.embedded.errors import NotStarted
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.processes.ending import runs
from infrastructure.processes.lock import FolderInUse

STARTER = (
    "import sys; from pathlib import Path; from infrastructure.embedded.valkey import EmbeddedValkey\n"
    "server = EmbeddedValkey(Path(sys.argv[1]))\n"
    "server.start(); print('pid', server.pid, flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def server() -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(Path(tempfile.mkdtemp(prefix="stage-test-")))
    server.start()
    yield server
    server.remove()


def client(server: EmbeddedValkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_it_begins_empty_at_the_same_address_on_each_start(server: EmbeddedValkey) -> None:
    address, pid = server.url, server.pid
    with client(server) as connection:
        connection.set("bell", "rung")
    server.stop()
    assert not psutil.pid_exists(pid)
    server.start()
    assert server.url == address
    with client(server) as connection:
        assert connection.get("bell") is None


def test_it_starts_again_after_a_kill(server: EmbeddedValkey) -> None:
    server.kill()
    server.start()
    with client(server) as connection:
        assert connection.ping()


def test_it_writes_nothing_to_disk_and_listens_on_no_port(server: EmbeddedValkey) -> None:
    with client(server) as connection:
        settings = connection.config_get("*")
    assert (settings["appendonly"], settings["save"], settings["port"]) == ("no", "", "0")


def test_its_socket_is_closed_to_others(server: EmbeddedValkey) -> None:
    socket = Path(server.url.removeprefix("unix://"))
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert socket.stat().st_uid == os.geteuid()


def test_a_second_start_is_refused_while_it_runs(server: EmbeddedValkey) -> None:
    with pytest.raises(FolderInUse):
        EmbeddedValkey(server.folder).start()


def test_a_server_whose_starter_was_killed_is_gone_by_the_next_start(server: EmbeddedValkey) -> None:
    server.stop()
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, server.folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout
        pid = next(int(line.split()[1]) for line in starter.stdout if line.startswith("pid"))
        orphan = psutil.Process(pid)
        starter.kill()
    server.start()
    assert not runs(orphan)


@pytest.mark.parametrize("name", ["long" * 60, "two words, an ümlaut & a 'quote'"])
def test_it_works_wherever_the_project_lies(tmp_path: Path, name: str) -> None:
    server = EmbeddedValkey(tmp_path / name)
    with server, client(server) as connection:
        assert connection.ping()
    server.remove()


def test_before_it_was_started_it_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(NotStarted):
        _ = EmbeddedValkey(tmp_path).url
    with pytest.raises(NotStarted):
        _ = EmbeddedValkey(tmp_path).pid
