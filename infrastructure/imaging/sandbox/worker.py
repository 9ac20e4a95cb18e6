"""A sandbox process as its owner sees it: asked one thing at a time, and killed when it takes too long."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import Executor
from pathlib import Path

import infrastructure
from infrastructure.imaging.sandbox.messages import (
    Answer,
    Ready,
    Request,
    Silence,
    receive_answer,
    send,
)
from infrastructure.processes.leftovers import MARK

STARTING = 120.0
"""Seconds for a process to load its libraries on a busy machine; it takes 1 here."""
PER_SECOND = 4.0
"""Seconds on the clock for each of a processor that a task may use, since others use the processor too."""

PROGRAM = "infrastructure.imaging.sandbox.process"
"""Named, not imported: its owner needs none of the libraries that open photos."""

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
    # One photo a core is the sandbox's rule, so each keeps to its core.
    "VIPS_CONCURRENCY": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Freed memory goes back at once instead of to a heap of each thread: half the memory after a large photo.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", MARK)


class SandboxNotStarted(Exception):
    """The process did not come up; what it printed to our standard error tells why."""


class ProcessDied(Exception):
    """By a crash, or because it was killed for the memory or the processor it used."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code
        """Negative for the signal that ended it."""


class ProcessTooSlow(Exception):
    """It had no answer in time and was killed."""


class Worker:
    """One process. Not for use by several threads at once."""

    def __init__(self, memory: int, starter: Executor) -> None:
        """Start it by a thread of `starter`; it lives no longer than that thread."""
        self._connection, theirs = socket.socketpair()
        program = [sys.executable, "-m", PROGRAM, str(memory), str(os.getpid())]
        with theirs:
            self._process = starter.submit(_started, program, theirs).result()
        self.pid = self._process.pid
        self.answers = 0
        """How many it has given."""
        self._listens = True

    @property
    def fit(self) -> bool:
        """Whether it can be asked: it runs, and nobody was interrupted while it was talked to."""
        return self._listens and self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Raises SandboxNotStarted; then it is gone."""
        try:
            ready = receive_answer(self._connection, until=time.monotonic() + STARTING)
        except (TimeoutError, Silence) as error:
            self.kill()
            raise SandboxNotStarted from error
        if not isinstance(ready, Ready):
            self.kill()
            raise SandboxNotStarted

    def ask(self, request: Request) -> Answer:
        """Raises ProcessDied or ProcessTooSlow; after either it is gone."""
        until = time.monotonic() + request.seconds * PER_SECOND
        self._listens = False
        try:
            send(self._connection, request, until=until)
            answer = receive_answer(self._connection, until=until)
        except TimeoutError as error:
            self.kill()
            raise ProcessTooSlow from error
        except (Silence, OSError) as error:
            raise ProcessDied(self.kill()) from error
        self.answers += 1
        self._listens = True
        return answer

    def interrupt(self) -> None:
        """Kill it while another thread waits for its answer: that one raises ProcessDied."""
        self._process.kill()

    def kill(self) -> int:
        """End it now, as it has nothing to finish or to lose; its exit code. It may have ended already."""
        self._process.kill()
        self._connection.close()
        return self._process.wait()


def _started(program: list[str], connection: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the program is ours
        program,
        stdin=connection.fileno(),
        stdout=subprocess.DEVNULL,
        env=_environment(),
        cwd=Path(infrastructure.__path__[0]).parent,
        start_new_session=True,  # Ctrl-C in a terminal is for its owner
    )


def _environment() -> dict[str, str]:
    """Without our secrets, and with our mark, by which what outlives us is found."""
    return ENVIRONMENT | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
