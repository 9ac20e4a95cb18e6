"""A run's processes are stopped in reverse; what a killed run left is ended by the next, and nothing else."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from infrastructure.processes.child import Child
from infrastructure.processes.ending import runs
from infrastructure.processes.leftovers import MARK
from infrastructure.processes.lock import FolderInUse
from infrastructure.processes.signals import ending_in_order
from infrastructure.processes.supervisor import Supervisor

SLEEP = [sys.executable, "-c", "print('ready', flush=True); import time; time.sleep(600)"]
DEAF_CODE = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\n"
    "print('ready', flush=True)\n"
    "while True: time.sleep(600)"
)
DEAF = [sys.executable, "-c", DEAF_CODE]
KILLED_RUN = (
    "import sys, time; from pathlib import Path; from infrastructure.processes.supervisor import Supervisor\n"
    "with Supervisor(Path(sys.argv[1])) as processes:\n"
    "    child = processes.start('worker', sys.argv[2:])\n"
    "    child.wait_until(lambda: 'ready' in child.last_lines(), within=20)\n"
    "    print('pid', child.pid, flush=True); time.sleep(600)\n"
)


def has_said(child: Child, word: str) -> None:
    child.wait_until(lambda: word in child.last_lines(), within=20)


def left_by_a_killed_run(folder: Path, arguments: list[str]) -> psutil.Process:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_RUN, folder, *arguments], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        for line in run.stdout:
            if line.startswith("pid"):
                run.kill()
                return psutil.Process(int(line.split()[1]))
    raise AssertionError("the run said no pid")


def test_children_are_stopped_in_reverse(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    code = (
        "import signal, sys, time; from pathlib import Path\n"
        "def end(*_):\n"
        "    with Path(sys.argv[1]).open('a') as diary: diary.write(sys.argv[2] + ' ')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('ready', flush=True); time.sleep(600)"
    )
    with Supervisor(tmp_path / "run") as processes:
        for name in ("store", "api", "worker"):
            has_said(processes.start(name, [sys.executable, "-c", code, diary, name]), "ready")
    assert diary.read_text().split() == ["worker", "api", "store"]


def test_what_the_children_need_ends_after_them(tmp_path: Path) -> None:
    children: list[Child] = []

    @contextmanager
    def database() -> Iterator[str]:
        yield "address"
        assert [child.exit_code for child in children] == [-signal.SIGTERM]

    with Supervisor(tmp_path) as processes:
        assert processes.enter(database()) == "address"
        children.append(processes.start("api", SLEEP))
        has_said(children[0], "ready")
    assert not processes.children


def test_what_a_child_prints_is_in_its_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as processes:
        has_said(processes.start("api", SLEEP), "ready")
        assert (tmp_path / "logs" / "api.log").read_text() == "ready\n"


def test_a_child_gets_the_environment_that_it_is_given(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as processes:
        child = processes.start("env", ["/usr/bin/env"], env={"ONLY": "this"})
        assert processes.wait() is child
        names = {line.partition("=")[0] for line in child.last_lines().splitlines()}
        assert {"ONLY", MARK} <= names <= {"ONLY", MARK, "LC_CTYPE"}


def test_the_first_child_that_ends_is_told(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as processes:
        processes.start("api", SLEEP)
        worker = processes.start("worker", [sys.executable, "-c", "raise SystemExit(4)"])
        assert processes.wait() is worker
        assert worker.exit_code == 4


def test_two_runs_on_one_folder_are_refused(tmp_path: Path) -> None:
    with Supervisor(tmp_path), pytest.raises(FolderInUse, match=r"in use by process \d+"):
        Supervisor(tmp_path).__enter__()
    with Supervisor(tmp_path):
        pass


def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path: Path) -> None:
    left = left_by_a_killed_run(tmp_path, DEAF)
    assert runs(left)
    with Supervisor(tmp_path, patience=0.2):
        assert not runs(left)


def test_so_is_what_its_children_had_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(sys.argv[2:], start_new_session=True, stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); open(sys.argv[1], 'w').write(str(child.pid)); print('ready', flush=True)\n"
        "child.wait()"
    )
    note = tmp_path / "pid"
    left_by_a_killed_run(tmp_path / "run", [sys.executable, "-c", code, str(note), *DEAF])
    grandchild = psutil.Process(int(note.read_text()))
    with Supervisor(tmp_path / "run", patience=0.2):
        assert not runs(grandchild)


def test_a_process_that_only_has_the_pid_of_an_earlier_one_is_spared(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL) as unrelated:
        started = {"name": "api", "pid": unrelated.pid, "at": time.time() - 86_400}
        (tmp_path / "processes.json").write_text(json.dumps({"mark": "0" * 32, "started": [started]}))
        with Supervisor(tmp_path):
            assert unrelated.poll() is None
        unrelated.kill()


def test_a_note_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text('{"mark": "0')
    with Supervisor(tmp_path) as processes:
        has_said(processes.start("api", SLEEP), "ready")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As whoever sits at a terminal finds it: a shell's background jobs ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_second_interrupt_while_stopping_kills_what_is_left(tmp_path: Path) -> None:
    main = threading.main_thread().ident
    with Supervisor(tmp_path) as processes:
        children = [processes.start(name, DEAF) for name in ("api", "worker")]
        for child in children:
            has_said(child, "ready")

        def interrupt() -> None:
            has_said(children[1], "asked")
            signal.pthread_kill(main or 0, signal.SIGINT)

        impatient = threading.Thread(target=interrupt)
        impatient.start()
        with pytest.raises(KeyboardInterrupt):
            processes.stop_all()
        impatient.join()
        assert [child.exit_code for child in children] == [-9, -9]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_end_unwinds_in_order(signum: signal.Signals) -> None:
    before = signal.getsignal(signum)
    with pytest.raises(SystemExit) as ended, ending_in_order():
        signal.raise_signal(signum)
    assert ended.value.code == 128 + signum
    assert signal.getsignal(signum) is before
