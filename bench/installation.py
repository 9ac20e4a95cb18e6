"""A whole installation for a bench: servers on data of its own, and our real processes, started as needed."""

import base64
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from application.projections.registry import PROJECTIONS
from infrastructure import settings, wiring
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.removal import remove
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.postgres import migrations
from infrastructure.processes.child import Child, answers
from infrastructure.processes.signals import ending_in_order
from infrastructure.processes.supervisor import Supervisor
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import Container

READY_WITHIN = 60
"""Seconds."""

_BEHIND = """
    SELECT %s - count(*) FROM stage.checkpoints
    WHERE position >= (SELECT coalesce(max(position), 0) FROM event_store.events)
"""


@dataclass(frozen=True)
class Installation:
    folder: Path
    postgres: EmbeddedPostgres
    processes: Supervisor
    environment: Mapping[str, str]
    """The settings that its processes run with."""

    @contextmanager
    def container(self) -> Iterator[Container]:
        """The use cases, in this process: for preparing what is then measured over HTTP."""
        container = wiring.build(settings.load(self.environment))
        container.open()
        try:
            yield container
        finally:
            container.close()

    def serve(self) -> "Serving":
        """The API, as `stage serve` runs it."""
        return self.serving("interfaces.cli.main", "serve")

    def follow(self) -> Child:
        """The followers, as `stage follow` runs them."""
        return self.start("interfaces.cli.main", "follow")

    def serving(self, module: str, *arguments: str) -> "Serving":
        """A module that answers /api/v1/health/live on PORT once it is ready."""
        port = _free_port()
        url = f"http://localhost:{port}"
        child = self.start(module, *arguments, PORT=str(port), APP_URL=url)
        child.wait_until(answers(f"{url}/api/v1/health/live"), within=READY_WITHIN)
        return Serving(child, f"http://127.0.0.1:{port}")

    def start(self, module: str, *arguments: str, **more: str) -> Child:
        """Run a module as a program, with these settings besides the installation's."""
        environment = {**os.environ, **self.environment, **more}
        return self.processes.start(
            "-".join((module, *arguments)), [sys.executable, "-m", module, *arguments], env=environment
        )

    def wait_until_followed(self) -> None:
        """Return once every follower has done all that was appended so far."""
        with psycopg.connect(self.postgres.superuser_url, autocommit=True) as connection:
            deadline = time.monotonic() + READY_WITHIN
            while connection.execute(_BEHIND, [len(PROJECTIONS) + 1]).fetchone() != (0,):
                if time.monotonic() > deadline:
                    raise TimeoutError("the followers do not catch up")
                time.sleep(0.02)

    def stop(self, child: Child) -> None:
        self.processes.stop(child)

    def cpu_seconds(self) -> float:
        """What all its processes, the database's and Valkey's included, have used of all cores so far."""
        return sum(_cpu_seconds(psutil.Process(pid)) for pid in self._pids())

    def _pids(self) -> list[int]:
        ours = {child.pid for child in self.processes.children}
        # Valkey and PostgreSQL are children of this process too.
        return [child.pid for child in psutil.Process().children() if child.pid in ours or _is_server(child)]


@dataclass(frozen=True)
class Serving:
    """A process that answers HTTP."""

    child: Child
    url: str

    def rss_mb(self) -> float:
        """Memory held by it and its own children, in MB (10^6 bytes)."""
        process = psutil.Process(self.child.pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 1e6


@contextmanager
def installed(**more: str) -> Iterator[Installation]:
    """Empty, migrated and durable, with these settings besides the usual; gone without a trace afterwards."""
    configure_logging("error", "bench")
    with ending_in_order(), tempfile.TemporaryDirectory(prefix="stage-bench-") as name:
        folder = Path(name)
        try:
            with Supervisor(folder) as processes:
                postgres = processes.enter(EmbeddedPostgres(folder / "postgres"))
                valkey = processes.enter(EmbeddedValkey(folder / "valkey"))
                migrations.upgrade(postgres.owner_url)
                environment = {
                    "APP_ENV": "development",
                    "DATABASE_URL": postgres.app_url,
                    "REDIS_URL": valkey.url,
                    "OBJECT_STORE_URL": (folder / "pictures").as_uri(),
                    "OUTBOX": str(folder / "outbox"),
                    **dict.fromkeys(settings.RATES, "1000000000"),  # counted all the same
                    "AUTH_SECRET": secrets.token_urlsafe(48),
                    "MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                    "CLAIM_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                    "ANCHOR_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                    **more,
                }
                yield Installation(folder, postgres, processes, environment)
        finally:
            remove(folder)


def _cpu_seconds(process: psutil.Process) -> float:
    times = [process.cpu_times(), *(child.cpu_times() for child in process.children(recursive=True))]
    used = sum(one.user + one.system for one in times)
    # Of children that have ended and been waited for; those still running are counted themselves.
    return used + times[0].children_user + times[0].children_system


def _is_server(process: psutil.Process) -> bool:
    return process.name().startswith(("postgres", "valkey"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
