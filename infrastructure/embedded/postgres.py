"""A PostgreSQL of the project's own, from a wheel, for the demo, development and tests."""

import shutil
import signal
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import urlencode

import psycopg
import structlog

from infrastructure.embedded.errors import NotStarted
from infrastructure.embedded.orphans import end_orphans
from infrastructure.embedded.postgres_home import (
    MAJOR,
    PostgresHome,
    no_postgres,
    postgres_home,
    remembered_place,
)
from infrastructure.embedded.sockets import remove_socket_folder
from infrastructure.processes.child import Child, described
from infrastructure.processes.lock import FolderLock

DATABASE = "stage"
SUPERUSER = "postgres"

ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
"""All that the server gets: a PGPORT or PGDATA of the user's would be obeyed."""

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

FORGETFUL = {"fsync": "off", "full_page_writes": "off"}
"""What is committed survives a killed server, though not a machine that goes down."""

log = structlog.get_logger()


class EmbeddedPostgres:
    """One server on the data under `folder`, behind a Unix socket that only we can open.

    It has the roles of migrations/roles.sql and the database `stage`. Started again, it has the same data and
    addresses. It goes when the process that started it goes (on Linux), or is ended by the next start.
    """

    def __init__(
        self, folder: Path, *, durable: bool = True, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`durable=False` is quicker, for data that may be lost when the machine goes down, as in tests.

        `settings` are more of the server's own.
        """
        self.folder = folder.resolve()
        self._durable = durable
        self._settings = settings
        self._lock = FolderLock(self.folder)
        self._home: PostgresHome | None = None
        self._server: Child | None = None
        self._sockets: Path | None = None

    def start(self) -> None:
        """Return when it takes connections.

        Raises FolderInUse while it is started already, NoEmbeddedServer where this machine cannot run it, and
        ChildFailed with PostgreSQL's last words when it gives up.
        """
        self._lock.acquire()
        try:
            home = self._home = postgres_home(self.folder, durable=self._durable)
            self._sockets = home.sockets()
            end_orphans(home.data, self._sockets)
            if not home.data.exists():
                self._initialise(home)
            self._server = self._run(home, self._sockets)
            self._prepare()
        except BaseException:
            self.kill()
            raise
        log.info("postgres.started", pid=self.pid, place=str(home.place))

    def stop(self) -> None:
        """End it in order; open transactions are rolled back. Does nothing when it is not running."""
        try:
            if self._server:
                self._server.stop(with_signal=signal.SIGINT, within=30)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it as a crash would, with SIGKILL. The next start recovers what was committed."""
        if self._server:
            self._server.kill()
            self._server = None
        if self._home and self._sockets and self._lock.held:
            end_orphans(self._home.data, self._sockets)
        self._lock.release()

    def remove(self) -> None:
        """Stop it and delete its data. Raises FolderInUse while another process has it started."""
        self.stop()
        self._lock.acquire()
        remove_socket_folder(self.folder)
        if place := remembered_place(self.folder):
            shutil.rmtree(place)
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
    def owner_url(self) -> str:
        """For migrations."""
        return self.url("stage_owner")

    @property
    def app_url(self) -> str:
        """For the running system."""
        return self.url("stage_app")

    @property
    def superuser_url(self) -> str:
        """For tests, and for making and dropping databases."""
        return self.url(SUPERUSER)

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address of a database here, for libpq and what builds on it. Raises NotStarted."""
        if self._sockets is None:
            raise NotStarted(self.folder)
        query = urlencode({"host": self._sockets, "port": SETTINGS["port"]})
        return f"postgresql://{role}@/{database}?{query}"

    def _initialise(self, home: PostgresHome) -> None:
        """Make the data elsewhere first, so that a run killed meanwhile leaves nothing that looks whole."""
        new = home.empty_data()
        arguments: list[str | Path] = [
            *(home.binaries / "initdb", "--pgdata", new, "--username", SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *(["--no-instructions"] if self._durable else ["--no-instructions", "--no-sync"]),
        ]
        initdb = self._child("initdb", arguments, home)
        if code := initdb.wait(within=120):
            raise initdb.failed(f"ended with {described(code)}")
        new.rename(home.data)

    def _run(self, home: PostgresHome, sockets: Path) -> Child:
        made_by = (home.data / "PG_VERSION").read_text().strip()
        if made_by != str(MAJOR):
            raise no_postgres(f"the data in {home.data} are of PostgreSQL {made_by}, and this is {MAJOR}")
        settings = {
            **SETTINGS,
            **({} if self._durable else FORGETFUL),
            **self._settings,
            "unix_socket_directories": str(sockets),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self._child("postgres", [home.binaries / "postgres", "-D", home.data, *options], home)

    def _child(self, name: str, arguments: list[str | Path], home: PostgresHome) -> Child:
        return Child(
            name,
            arguments,
            log=self.folder / f"{name}.log",
            env=ENVIRONMENT,
            cwd=Path("/"),
            user=home.user,
            orphaned=signal.SIGINT,
        )

    def _prepare(self) -> None:
        """Wait for connections, and see to the database and the roles."""
        if self._server is None:
            raise NotStarted(self.folder)
        self._server.wait_until(self._accepts, within=60)
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            there = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if there is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(self.superuser_url) as connection:
            connection.execute((files("migrations") / "roles.sql").read_bytes())

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True
