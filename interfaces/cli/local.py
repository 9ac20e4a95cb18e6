"""All of Stage in Seconds on this machine: its own PostgreSQL and Valkey, each process as in production."""

import base64
import json
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.postgres import migrations
from infrastructure.processes.child import Child, answers
from infrastructure.processes.supervisor import Supervisor
from infrastructure.settings import descriptions
from interfaces.cli.errors import CommandFailed

ENVIRONMENT = "environment.json"
"""In the folder of a running installation, what its processes are configured with."""
PROCESSES = ("serve", "follow", "work")
READY_WITHIN = 30
"""Seconds."""


class NotRunning(CommandFailed):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"nothing runs in {self.folder}: start it with `stage up`, or set DATABASE_URL and the others"


@dataclass(frozen=True)
class Local:
    """A running installation."""

    url: str
    outbox: Path
    processes: Supervisor
    environment: Mapping[str, str]
    """The settings that its processes run with."""


@contextmanager
def running(folder: Path, *, port: int = 0) -> Iterator[Local]:
    """Everything started and ready, its data under `folder`; stopped again on the way out.

    Port 0 takes a free one. Raises FolderInUse, NoEmbeddedServer or ChildFailed.
    """
    folder = folder.resolve()
    port = port or _free_port()
    with Supervisor(folder) as processes:
        postgres = processes.enter(EmbeddedPostgres(folder / "postgres"))
        valkey = processes.enter(EmbeddedValkey(folder / "valkey"))
        migrations.upgrade(postgres.owner_url)
        url = f"http://localhost:{port}"
        environment = {
            **{name: os.environ[name] for name in descriptions() if name in os.environ},
            "APP_ENV": "development",
            "APP_URL": url,
            "PORT": str(port),
            "DATABASE_URL": postgres.app_url,
            "DATABASE_OWNER_URL": postgres.owner_url,
            "REDIS_URL": valkey.url,
            "OBJECT_STORE_URL": (folder / "pictures").as_uri(),
            "SMTP_URL": "",  # made-up people of a trial get no mail
            "OUTBOX": str(folder / "outbox"),
            **_secrets(folder),
        }
        children = [_start(processes, name, environment) for name in PROCESSES]
        children[0].wait_until(answers(f"{url}/api/v1/health/ready"), within=READY_WITHIN)
        with _told(folder / ENVIRONMENT, environment):
            yield Local(url, folder / "outbox", processes, environment)


def environment_of(folder: Path) -> Mapping[str, str]:
    """What the installation that runs on this folder is configured with. Raises NotRunning."""
    try:
        told: dict[str, str] = json.loads((folder / ENVIRONMENT).read_text())
    except FileNotFoundError:
        raise NotRunning(folder) from None
    return told


def environment_here(folder: Path = Path(".stage")) -> Mapping[str, str]:
    """What a command works on: what DATABASE_URL and the other variables say, else what `stage up` runs here."""
    return os.environ if os.environ.get("DATABASE_URL") else environment_of(folder)


@contextmanager
def _told(file: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Inside, other commands of this user can find the installation."""
    _write_secretly(file, environment)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _start(processes: Supervisor, name: str, environment: Mapping[str, str]) -> Child:
    arguments = [sys.executable, "-m", "interfaces.cli.main", name]
    return processes.start(name, arguments, env={**os.environ, **environment})


def _secrets(folder: Path) -> dict[str, str]:
    """Keys of this installation's own, made once: what they sealed must open again the next time."""
    file = folder / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    if missing := {name: make() for name, make in _KEYS.items() if name not in kept}:
        kept |= missing
        _write_secretly(file, kept)
    return kept


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


_KEYS = {
    "AUTH_SECRET": lambda: secrets.token_urlsafe(48),
    "MASTER_KEY": _key,
    "CLAIM_KEY": _key,
    "ANCHOR_KEY": _key,
}


def _write_secretly(file: Path, values: Mapping[str, str]) -> None:
    """Whole or not at all, and for this user's eyes only."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(values))
    unfinished.rename(file)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
