"""Finds and ends PostgreSQL processes that outlived whoever started them."""

import signal
from contextlib import suppress
from pathlib import Path

import psutil
import structlog

from infrastructure.embedded.postgres_home import SOCKET
from infrastructure.processes.ending import end

log = structlog.get_logger()


def end_orphans(data: Path, sockets: Path, *, within: float = 10) -> None:
    """End every PostgreSQL process that works on this data, the caller being the one who may say so.

    A server left by a killed run is asked to shut down in order; what remains after `within` seconds, or has
    lost its server, is killed. Then the notes of a server's pid, with the data and beside the socket, are
    stale, whoever has that pid now, and go: PostgreSQL itself would take any process of that pid for the
    server, even a dead one that nobody has collected yet.
    """
    orphans = _working_on(data)
    pids = {process.pid for process in orphans}
    if pids:
        log.warning("postgres.orphans_found", pids=sorted(pids))
    servers = [process for process, parent in orphans.items() if parent not in pids]
    end(orphans, asked=servers, with_signal=signal.SIGINT, within=within)
    (data / "postmaster.pid").unlink(missing_ok=True)
    (sockets / f"{SOCKET}.lock").unlink(missing_ok=True)


def _working_on(data: Path) -> dict[psutil.Process, int]:
    """PostgreSQL's processes, which all have their data as working directory, and their parents' pids."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # gone, or somebody else's: not ours
            if process.name() == "postgres" and Path(process.cwd()) == data:
                found[process] = process.ppid()
    return found
