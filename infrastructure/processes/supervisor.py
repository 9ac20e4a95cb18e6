"""Starts the processes of one run in order, watches them, and stops them in reverse."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import structlog

from infrastructure.processes.child import GLANCE, Child
from infrastructure.processes.leftovers import Leftovers
from infrastructure.processes.lock import FolderLock

Server = TypeVar("Server")

log = structlog.get_logger()


class Supervisor:
    """The children of one run on one folder: `with Supervisor(Path(".stage")) as processes: ...`.

    Entering raises FolderInUse while another run is on the folder, and ends what a killed one has left.
    Leaving stops all children, the last started first, and then what was entered for them. What each child
    prints is in logs/NAME.log in the folder.
    """

    def __init__(self, folder: Path, *, patience: float = 10) -> None:
        """`patience` is for how many seconds a process may take to end before it is killed."""
        self.children: list[Child] = []
        self._folder = folder
        self._patience = patience
        self._lock = FolderLock(folder)
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        self._lock.acquire()
        with ExitStack() as entered:
            entered.callback(self._lock.release)
            (self._folder / "logs").mkdir(exist_ok=True)
            self._leftovers = Leftovers(self._folder / "processes.json")
            self._leftovers.end(within=self._patience)
            self._entered = entered.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._entered:
            self.stop_all()

    def enter(self, server: AbstractContextManager[Server]) -> Server:
        """Start what the children need, such as a database; it ends after the last of them."""
        return self._entered.enter_context(server)

    def start(
        self,
        name: str,
        arguments: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Child:
        """Start a child and go on; `child.wait_until(answers(url), within=30)` waits for it to be ready.

        `env` is its whole environment (ours, if None).
        """
        environment = {**(os.environ if env is None else env), **self._leftovers.mark}
        child = Child(name, arguments, log=self._folder / "logs" / f"{name}.log", env=environment, cwd=cwd)
        self.children.append(child)
        self._leftovers.add(name, child.pid)
        log.info("process.started", name=name, pid=child.pid)
        return child

    def wait(self) -> Child:
        """The first child that ends by itself; each is meant to run until it is stopped."""
        while True:
            for child in self.children:
                if child.exit_code is not None:
                    return child
            time.sleep(GLANCE)

    def stop(self, child: Child) -> int:
        """Its exit code, once it and all that it started are gone."""
        code = child.stop(within=self._patience)
        self.children.remove(child)
        self._leftovers.remove(child.pid)
        log.info("process.stopped", name=child.name, pid=child.pid, exit_code=code)
        return code

    def stop_all(self) -> None:
        """Stop the children in reverse; interrupted in that, kill those that are left."""
        try:
            while self.children:
                self.stop(self.children[-1])
        finally:
            for child in self.children:
                child.kill()
