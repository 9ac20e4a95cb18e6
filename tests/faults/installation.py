"""An installation under test: real servers and processes, each of which can be taken away at any moment."""

import base64
import os
import resource
import secrets
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from infrastructure import settings, wiring
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.postgres import migrations
from infrastructure.processes.child import Child, answers
from infrastructure.processes.supervisor import Supervisor
from infrastructure.wiring import Container
from tests.faults.pace import Speed
from tests.faults.stager import Journal
from tests.faults.waiting import wait_until

ROOT = Path(__file__).parents[2]
FITS = 1_000_000
"""Bytes of a file that fit onto a disk that is full: a small photo or a log, and a part of a large photo."""


@dataclass(frozen=True)
class Size:
    """How many processes of each kind there are, and how they work."""

    apis: int = 1
    followers: int = 2
    workers: int = 2
    threads: int = 4
    """Of each worker."""
    stage_ms: int = 100
    """How long the stager takes for a photo."""
    pace: Speed = Speed.QUICK
    """Of the workers."""


@dataclass
class Process:
    """One of the installation's processes; it can be killed and started again as often as one likes."""

    name: str
    _processes: Supervisor
    _arguments: list[str]
    _environment: Mapping[str, str]
    url: str = ""
    """Where it answers, if it does."""
    starts: int = 0
    as_usual: bool = True
    """Whether its environment is the one that it usually has."""
    _child: Child | None = field(default=None, repr=False)

    def start(self, **environment: str) -> None:
        """Start it, with other variables in its environment than it usually has."""
        self.starts += 1
        self.as_usual = not environment
        self._child = self._processes.start(
            f"{self.name}.{self.starts}",
            [sys.executable, "-m", *self._arguments],
            env={**os.environ, **self._environment, **environment},
            cwd=ROOT,
        )

    def kill(self) -> Path | None:
        """Kill it and whatever it started with SIGKILL, or see that it has ended; its log.

        None when it was not started again since the last time.
        """
        if (child := self._child) is None:
            return None
        child.kill()
        self._processes.stop(child)
        self._child = None
        return child.log

    def freeze(self) -> None:
        """Let it do nothing, as a machine does that swaps or a debugger that holds on."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def limit_files(self, size: int | None) -> None:
        """Let it write no file beyond so many bytes, or any again with None.

        To the process a write beyond that fails as on a full disk, but with EFBIG in place of ENOSPC.
        """
        for process in self._all:
            # It may just have ended, or be the one that looks at photos, which nobody may touch and which
            # writes nothing.
            with suppress(ProcessLookupError, PermissionError):
                _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
                soft = hard if size is None else size
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (soft, hard))

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.exit_code is None

    @property
    def pid(self) -> int:
        assert self._child, f"{self.name} is not running"
        return self._child.pid

    @property
    def said(self) -> str:
        """What it has logged since it was started."""
        assert self._child, f"{self.name} is not running"
        return self._child.log.read_text()

    @property
    def pids(self) -> set[int]:
        """Of itself and what it started."""
        return {process.pid for process in self._all}

    @property
    def _all(self) -> list[psutil.Process]:
        own = psutil.Process(self.pid)
        return [own, *own.children(recursive=True)]


@dataclass(frozen=True)
class Installation:
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    apis: list[Process]
    followers: list[Process]
    workers: list[Process]
    journal: Journal
    outbox: Path
    container: Container
    """The same adapters in the test's own process, to look at what is recorded."""

    @property
    def processes(self) -> list[Process]:
        return [*self.apis, *self.followers, *self.workers]

    def revive(self) -> None:
        """Start again what has ended, as whoever runs it would."""
        for process in self.processes:
            if not process.alive:
                process.kill()
                process.start()

    def restore(self) -> None:
        """Have everything run as it usually does."""
        for process in self.processes:
            if not process.as_usual:
                process.kill()
        self.revive()

    def wait_until_ready(self) -> None:
        """Wait for the servers, and for every API to say that it can serve."""
        for api in self.apis:
            wait_until(answers(f"{api.url}/api/v1/health/ready"), f"{api.name} is ready")


def clock_ahead(seconds: float) -> dict[str, str]:
    """The environment of a process whose wall clock is wrong by so many seconds; behind, if below zero."""
    return {"PYTHONPATH": str(Path(__file__).parent / "shifted_clock"), "SHIFT_CLOCK": str(seconds)}


@contextmanager
def running(folder: Path, size: Size, *, durable: bool = False) -> Iterator[Installation]:
    """Everything started and ready, its data under `folder`; gone again on the way out.

    `durable` is whether PostgreSQL waits for the disk.
    """
    journal = Journal(folder / "journal")
    with Supervisor(folder, patience=5) as processes:
        postgres = processes.enter(EmbeddedPostgres(folder / "postgres", durable=durable))
        valkey = processes.enter(EmbeddedValkey(folder / "valkey"))
        migrations.upgrade(postgres.owner_url)
        environment = {
            "APP_ENV": "development",
            "DATABASE_URL": postgres.app_url,
            "REDIS_URL": valkey.url,
            "OBJECT_STORE_URL": (folder / "pictures").as_uri(),
            "OUTBOX": str(folder / "outbox"),
            **dict.fromkeys(settings.RATES, "1000000"),
            "AUTH_SECRET": secrets.token_urlsafe(48),
            "MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "CLAIM_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "ANCHOR_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "WORKER_THREADS": str(size.threads),
            "LOG_LEVEL": "warning",
        }
        made = partial(_process, processes, environment)
        work = ["tests.faults.worker", str(journal.folder), str(size.stage_ms)]
        installation = Installation(
            postgres=postgres,
            valkey=valkey,
            apis=[_api(made, number) for number in range(1, size.apis + 1)],
            followers=[
                made(f"follower-{number}", ["interfaces.cli.main", "follow"])
                for number in range(1, size.followers + 1)
            ],
            workers=[
                made(f"worker-{number}", work, PACE=size.pace.value, LOG_LEVEL="info")
                for number in range(1, size.workers + 1)
            ],
            journal=journal,
            outbox=folder / "outbox",
            container=wiring.build(settings.load(environment)),
        )
        installation.container.open()
        try:
            installation.revive()
            installation.wait_until_ready()
            yield installation
        finally:
            for process in installation.processes:
                process.kill()
            installation.container.close()


def _api(made: "partial[Process]", number: int) -> Process:
    port = _free_port()
    url = f"http://localhost:{port}"
    api = made(f"api-{number}", ["interfaces.cli.main", "serve"], PORT=str(port), APP_URL=url)
    api.url = url
    return api


def _process(
    processes: Supervisor, environment: Mapping[str, str], name: str, arguments: list[str], **more: str
) -> Process:
    return Process(name, processes, arguments, {**environment, **more})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
