"""A child process that logs to a file, goes when its parent goes, and is stopped with all that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil

from infrastructure.processes import launch

GLANCE = 0.02
"""Seconds between two looks at whether a child is ready or gone."""

TAIL = 15
"""How many of a log's last lines tell what went wrong."""


class ChildFailed(Exception):
    """A child ended, or was not ready in time; carries the last lines of its log."""

    def __init__(self, name: str, reason: str, log: Path, last_lines: str) -> None:
        super().__init__(name, reason, log, last_lines)
        self.name = name
        self.reason = reason
        self.log = log
        self.last_lines = last_lines

    def __str__(self) -> str:
        return f"{self.name} {self.reason}. Its log, {self.log}, ends with:\n{self.last_lines or '(nothing)'}"


class User(NamedTuple):
    """Whom a child of root runs as."""

    uid: int
    gid: int


class Child:
    """A running program in a session of its own, so that Ctrl-C in a terminal reaches only its parent."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: User | None = None,
        orphaned: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Start it.

        `log` is written anew with what it prints; `env` is its whole environment (ours, if None); `user` is
        whom it runs as, if we are root; `orphaned` is what the kernel sends it when we die (on Linux).
        """
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = (
                _spawner(os.getpid())
                .submit(
                    subprocess.Popen[bytes],
                    _launched(arguments, user, orphaned),
                    env=env,
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                .result()
            )
        self.pid = self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        if self._process.returncode is None and psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE:
            self.kill()
        return self._process.returncode

    def wait_until(self, ready: Callable[[], bool], *, within: float) -> None:
        """Return when it is ready. Raises ChildFailed as soon as it ends, or after `within` seconds."""
        deadline = time.monotonic() + within
        while not ready():
            if self.exit_code is not None:
                raise self.failed(f"ended with {described(self.exit_code)} before it was ready")
            if time.monotonic() > deadline:
                raise self.failed(f"was not ready within {within:g} s")
            time.sleep(GLANCE)

    def wait(self, *, within: float) -> int:
        """Its exit code, once it has ended by itself. Raises ChildFailed after `within` seconds."""
        deadline = time.monotonic() + within
        while (code := self.exit_code) is None:
            if time.monotonic() > deadline:
                raise self.failed(f"did not end within {within:g} s")
            time.sleep(GLANCE)
        return code

    def stop(self, *, with_signal: signal.Signals = signal.SIGTERM, within: float = 10) -> int:
        """Ask it to end, and kill what is left of it and its own children after `within` seconds."""
        if self.exit_code is None:
            os.kill(self.pid, with_signal)  # its pid is not given to another before we collect it
        try:
            with suppress(ChildFailed):
                self.wait(within=within)
        finally:
            code = self.kill()  # also when we are told to hurry
        return code

    def kill(self) -> int:
        """End it and its own children with SIGKILL. Does nothing when it has ended already."""
        if self._process.returncode is None:
            with suppress(PermissionError):  # macOS says so when there is only our dead child left
                os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()

    def failed(self, reason: str) -> ChildFailed:
        return ChildFailed(self.name, reason, self.log, self.last_lines())

    def last_lines(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL * 500))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-TAIL:])


def answers(url: str, *, within: float = 2) -> Callable[[], bool]:
    """Whether a GET of this http:// address is answered with a status below 400 within so many seconds."""
    address = urlsplit(url)

    def ready() -> bool:
        connection = HTTPConnection(address.netloc, timeout=within)
        try:
            connection.request("GET", address.path or "/")
            return connection.getresponse().status < 400  # noqa: PLR2004 - where HTTP's errors begin
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return ready


def described(exit_code: int) -> str:
    return signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"


def _launched(arguments: Sequence[str | Path], user: User | None, orphaned: signal.Signals) -> list[str]:
    whom = f"{user.uid}:{user.gid}" if user else "-"
    launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(orphaned)), whom]
    return [*launcher, *(str(argument) for argument in arguments)]


@cache
def _spawner(pid: int) -> ThreadPoolExecutor:
    """The one thread that starts this process's children, and lives as long as the process.

    The kernel takes the *thread* that started a child for its parent: were it the caller's, the child would
    be told to go as soon as that thread ended. Keyed by pid, since a fork does not take threads along.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"spawner-{pid}")
