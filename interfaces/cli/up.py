"""`stage up`: everything running on this machine for a person to try, until Ctrl-C."""

import os
from contextlib import suppress
from pathlib import Path

from infrastructure.processes.signals import ending_in_order
from infrastructure.telemetry import configure_logging
from interfaces.cli.local import running

DEFAULT_PORT = 4000


def up(*, folder: Path = Path(".stage"), port: int | None = None) -> None:
    """Run everything on embedded PostgreSQL and Valkey until Ctrl-C.

    Parameters:
        folder: Where the data, logs and mails are kept.
        port: Where the API listens (PORT, or 4000).
    """
    configure_logging("warning", "up")
    with suppress(KeyboardInterrupt), ending_in_order():
        _run(folder, port or int(os.environ.get("PORT") or DEFAULT_PORT))


def _run(folder: Path, port: int) -> None:
    print("Starting PostgreSQL, Valkey, API, follower and worker …", flush=True)
    with running(folder, port=port) as local:
        print(
            f"\n  API             {local.url}/api/v1"
            f"\n  Documentation   {local.url}/docs"
            f"\n  Health          {local.url}/api/v1/health/ready"
            f"\n  Mails           {local.outbox}"
            f"\n  Logs            {folder.resolve() / 'logs'}"
            "\n\nCtrl-C stops everything.",
            flush=True,
        )
        ended = local.processes.wait()
        raise ended.failed("ended by itself")
