"""The embedded PostgreSQL keeps its data through crashes, changes nothing outside and leaves nothing."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest

from infrastructure.embedded.errors import NoEmbeddedServer, NotStarted
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.postgres_home import remembered_place
from infrastructure.embedded.removal import remove
from infrastructure.processes.child import ChildFailed
from infrastructure.processes.ending import runs
from infrastructure.processes.lock import FolderInUse

STARTER = (
    "import sys; from pathlib import Path; from infrastructure.embedded.postgres import EmbeddedPostgres\n"
    "server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)\n"
    "server.start(); print('pid', server.pid, flush=True); sys.stdin.read()\n"
)


@pytest.fixture(scope="module")
def used() -> Iterator[EmbeddedPostgres]:
    """One for all tests here, which stop and start it as they like."""
    server = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="stage-test-")), durable=False)
    yield server
    server.remove()


@pytest.fixture
def server(used: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    with used:
        yield used


def write(server: EmbeddedPostgres, text: str) -> None:
    with psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS diary (line text)")
        connection.execute("INSERT INTO diary VALUES (%s)", [text])


def has(server: EmbeddedPostgres, text: str) -> bool:
    with psycopg.connect(server.owner_url) as connection:
        return connection.execute("SELECT FROM diary WHERE line = %s", [text]).fetchone() is not None


def data_of(server: EmbeddedPostgres) -> Path:
    return (remembered_place(server.folder) or server.folder) / "data"


def sockets_of(server: EmbeddedPostgres) -> Path:
    return Path(parse_qs(urlsplit(server.app_url).query)["host"][0])


def test_what_was_written_is_there_at_the_same_address_on_the_next_start(server: EmbeddedPostgres) -> None:
    write(server, "before the restart")
    address, pid = server.app_url, server.pid
    server.stop()
    assert not psutil.pid_exists(pid)
    server.start()
    assert server.app_url == address
    assert has(server, "before the restart")


@pytest.mark.parametrize("killing", ["all of it", "its first process"])
def test_what_was_committed_outlives_a_kill(server: EmbeddedPostgres, killing: str) -> None:
    write(server, f"before killing {killing}")
    if killing == "all of it":
        server.kill()
    else:
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
    server.start()
    assert has(server, f"before killing {killing}")


def test_a_second_start_is_refused_while_it_runs(server: EmbeddedPostgres) -> None:
    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
        EmbeddedPostgres(server.folder).start()
    with pytest.raises(FolderInUse):
        EmbeddedPostgres(server.folder).remove()
    assert data_of(server).exists()


def test_stopping_twice_does_not_end_somebody_elses_server(used: EmbeddedPostgres) -> None:
    used.start()
    used.stop()
    with EmbeddedPostgres(used.folder, durable=False) as another:
        used.stop()
        write(another, "undisturbed")


def test_a_server_is_started_with_the_settings_asked_for(used: EmbeddedPostgres) -> None:
    with (
        EmbeddedPostgres(used.folder, durable=False, settings={"shared_buffers": "48MB"}) as cached,
        psycopg.connect(cached.owner_url) as connection,
    ):
        assert connection.execute("SHOW shared_buffers").fetchone() == ("48MB",)


def test_a_server_whose_starter_was_killed_is_gone_by_the_next_start(used: EmbeddedPostgres) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, used.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        pid = next(int(line.split()[1]) for line in starter.stdout if line.startswith("pid"))
        orphan = psutil.Process(pid)
        starter.kill()
    with used:
        assert not runs(orphan)
        assert used.pid != pid


def test_an_orphaned_server_is_ended_by_the_next_start(used: EmbeddedPostgres) -> None:
    with used:
        write(used, "by the orphan's data")
        running = psutil.Process(used.pid)
        program, owner = running.cmdline(), running.uids().real
    root = os.geteuid() == 0
    with subprocess.Popen(
        program,
        cwd="/",
        stderr=subprocess.PIPE,
        text=True,
        user=owner if root else None,
        extra_groups=[] if root else None,
    ) as orphan:
        assert orphan.stderr
        assert any("ready to accept connections" in line for line in orphan.stderr)
        used.start()
        assert orphan.wait(timeout=20) == 0
    assert has(used, "by the orphan's data")
    used.stop()


def test_stale_notes_of_a_pid_that_another_process_has_are_no_obstacle(used: EmbeddedPostgres) -> None:
    with used:
        data, lock = data_of(used), sockets_of(used) / ".s.PGSQL.5432.lock"
        assert lock.exists()
    owner = data.stat()
    user: dict[str, Any] = (
        {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    )
    with subprocess.Popen(["sleep", "60"], **user) as other:
        for note in (data / "postmaster.pid", lock):
            note.write_text(f"{other.pid}\n{data}\n1700000000\n5432\n/nowhere\n\n")
            os.chown(note, owner.st_uid, owner.st_gid)
        with used:
            assert used.pid != other.pid
        other.kill()


def test_no_mode_or_owner_outside_the_folder_changes(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "project" / ".stage" / "postgres", durable=False)
    server.folder.parent.mkdir(parents=True)
    outside = [*server.folder.parents, Path("/tmp"), Path("/var/tmp"), Path(sys.prefix)]
    before = [_rights(path) for path in outside]
    with server:
        assert [_rights(path) for path in outside] == before
    assert [_rights(path) for path in outside] == before
    server.remove()


def _rights(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mode, status.st_uid, status.st_gid


def test_its_socket_is_closed_to_others(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.superuser_url) as connection:
        folder = Path(connection.info.host)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid == psutil.Process(server.pid).uids().real


@pytest.mark.skipif(os.geteuid() != 0, reason="only for root is it another user's")
def test_for_root_it_runs_as_nobody_on_data_that_root_has_set_apart(server: EmbeddedPostgres) -> None:
    place = remembered_place(server.folder)
    assert place
    assert stat.S_IMODE(place.stat().st_mode) == 0o755
    assert psutil.Process(server.pid).username() == "nobody"
    assert stat.S_IMODE(data_of(server).stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's data are elsewhere")
def test_a_place_that_others_could_write_is_not_used_again(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    trap.chmod(0o777)
    (tmp_path / "place").write_text(str(trap))
    assert remembered_place(tmp_path) is None
    trap.chmod(0o755)
    assert remembered_place(tmp_path) == trap


@pytest.mark.parametrize("name", ["long" * 60, "two words, an ümlaut & a 'quote'"])
def test_it_works_wherever_the_project_lies(tmp_path: Path, name: str) -> None:
    server = EmbeddedPostgres(tmp_path / name / "postgres", durable=False)
    with server, psycopg.connect(server.app_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("stage_app",)
        sockets = Path(connection.info.host)
    server.remove()
    assert not sockets.exists()


def test_an_initialisation_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, durable=False)
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("18\n")
    with server:
        write(server, "whole")
    server.remove()


def test_the_data_of_another_version_are_refused_with_what_to_do(used: EmbeddedPostgres) -> None:
    with used:
        version = data_of(used) / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(NoEmbeddedServer, match=r"(?s)are of PostgreSQL 17.*Set DATABASE_URL"):
        used.start()
    version.write_text("18\n")


def test_a_server_that_gives_up_tells_why(used: EmbeddedPostgres) -> None:
    with used:
        control = data_of(used) / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))
    with pytest.raises(ChildFailed, match=r'(?s)postgres ended with exit code.*pg_control"'):
        used.start()
    control.with_suffix(".away").rename(control)


def test_before_it_was_started_it_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(NotStarted):
        _ = EmbeddedPostgres(tmp_path).app_url
    with pytest.raises(NotStarted):
        _ = EmbeddedPostgres(tmp_path).pid


def test_the_users_own_postgresql_settings_do_not_disturb_it(
    used: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    with used:
        write(used, "undisturbed")


def test_removal_deletes_the_servers_of_a_folder(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    with server:
        data = data_of(server)
    remove(tmp_path)
    assert not data.exists()
    assert not server.folder.exists()
