"""A child process gives its last words, takes its own children along, and does not outlive its parent."""

import os
import pwd
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from infrastructure.processes.child import Child, ChildFailed, User, answers
from infrastructure.processes.ending import runs

SLEEP = "import time; time.sleep(600)"


def python(code: str, folder: Path) -> Child:
    return Child("python", [sys.executable, "-c", code], log=folder / "child.log")


def has_said(child: Child, word: str) -> None:
    child.wait_until(lambda: word in child.last_lines(), within=20)


def gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while psutil.pid_exists(pid) and runs(psutil.Process(pid)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_that_ends_early_gives_its_last_words(tmp_path: Path) -> None:
    child = python("print('no configuration'); raise SystemExit(3)", tmp_path)
    with pytest.raises(ChildFailed, match=r"(?s)python ended with exit code 3.*no configuration"):
        child.wait_until(lambda: False, within=20)


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    child = Child("ghost", [tmp_path / "ghost"], log=tmp_path / "child.log")
    with pytest.raises(ChildFailed, match="No such file or directory"):
        child.wait_until(lambda: False, within=20)


def test_a_child_that_is_not_ready_in_time_is_told(tmp_path: Path) -> None:
    child = python(SLEEP, tmp_path)
    with pytest.raises(ChildFailed, match=r"was not ready within 0\.1 s"):
        child.wait_until(lambda: False, within=0.1)
    assert child.kill() == -9


def test_a_child_is_asked_to_end_first(tmp_path: Path) -> None:
    child = python(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: exit('good bye'))\n"
        "print('ready', flush=True); time.sleep(600)",
        tmp_path,
    )
    has_said(child, "ready")
    assert child.stop() == 1
    assert "good bye" in child.last_lines()


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    child = python(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True); time.sleep(600)",
        tmp_path,
    )
    has_said(child, "ready")
    assert child.stop(within=0.1) == -9
    assert child.stop() == -9


def test_a_childs_own_children_go_with_it(tmp_path: Path) -> None:
    child = python(
        "import subprocess, sys\n"
        f"print('started', subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True)",
        tmp_path,
    )
    assert child.wait(within=20) == 0
    gone(int(child.last_lines().split()[-1]))


def test_a_child_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    children: list[Child] = []
    thread = threading.Thread(target=lambda: children.append(python("print(input())", tmp_path)))
    thread.start()
    thread.join()
    assert children[0].wait(within=20) == 1  # input() found the end of its standard input: no signal came


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_child_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from infrastructure.processes.child import Child\n"
        f"child = Child('sleeper', [sys.executable, '-c', {SLEEP!r}], log=Path(sys.argv[1]))\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "log"], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
        gone(child)


def test_a_child_hears_of_a_closed_pipe_as_any_program_does(tmp_path: Path) -> None:
    child = Child("sh", ["/bin/sh", "-c", "kill -PIPE $$; echo deaf"], log=tmp_path / "child.log")
    assert child.wait(within=20) == -13


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_child_of_root_can_be_another_users(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    child = Child(
        "id",
        ["/bin/sh", "-c", "id -u; id -G"],
        log=tmp_path / "child.log",
        cwd=Path("/"),
        user=User(nobody.pw_uid, nobody.pw_gid),
    )
    assert child.wait(within=20) == 0
    assert child.last_lines().split() == [str(nobody.pw_uid), str(nobody.pw_gid)]


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/fine" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_is_ready_when_it_answers_well(server: str) -> None:
    assert answers(f"{server}/fine")()
    assert not answers(f"{server}/broken")()


def test_a_server_that_is_not_there_is_not_ready() -> None:
    assert not answers("http://127.0.0.1:1/")()
