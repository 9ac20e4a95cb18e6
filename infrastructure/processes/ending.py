"""Ends processes that are not our children, so that nobody tells us when they are gone."""

import signal
import time
from collections.abc import Collection
from contextlib import suppress

import psutil

from infrastructure.processes.child import GLANCE


def runs(process: psutil.Process) -> bool:
    """Whether it does anything yet. A dead one stays in the list when its new parent does not collect it."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def end(
    processes: Collection[psutil.Process],
    *,
    within: float,
    asked: Collection[psutil.Process] | None = None,
    with_signal: signal.Signals = signal.SIGTERM,
) -> None:
    """Ask them, or only those `asked`, to end, and kill after `within` seconds what still runs."""
    _send(processes if asked is None else asked, with_signal)
    stubborn = _left_after(within, processes)
    _send(stubborn, signal.SIGKILL)
    _left_after(within, stubborn)


def _send(processes: Collection[psutil.Process], signum: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signum)


def _left_after(seconds: float, processes: Collection[psutil.Process]) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if runs(process)]) and time.monotonic() < deadline:
        time.sleep(GLANCE)
    return left
