"""What a sandbox process gives up before it sees a photo, so that one that takes it over gains nothing."""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

NOBODY = 65534
"""The user and group without rights, by their number on Linux."""

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
"""From linux/prctl.h."""
_STANDARD = 3
"""File descriptors 0 to 2: the connection, and nothing for output and errors."""


def confine(*, memory: int, owner: int) -> None:
    """Give up rights, files, network, and all memory but `memory` more bytes; die when `owner` does.

    With no file descriptor left to be had there is no way to open a file, a socket or a pipe. What it needs
    must be imported and used once before.
    """
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.closerange(_STANDARD, max(64, *_open_files()) + 1)
    _become_nobody()
    _limit_memory(memory)
    for limit, most in (
        (resource.RLIMIT_NOFILE, _STANDARD),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    if sys.platform == "linux":
        _control(_PR_SET_NO_NEW_PRIVS, 1)
        _control(_PR_SET_PDEATHSIG, signal.SIGKILL)  # last: a change of user takes it back
    if os.getppid() != owner:
        sys.exit()  # it died before the kernel was told


def allow(seconds: int) -> None:
    """The process is killed when it has used so many more seconds of a processor."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + 1 + seconds, most))


def _open_files() -> list[int]:
    folder = Path("/proc/self/fd") if sys.platform == "linux" else Path("/dev/fd")
    return [int(file.name) for file in folder.iterdir()]


def _become_nobody() -> None:
    if os.geteuid() != 0:
        return
    for give_up in (partial(os.setgroups, []), partial(os.setgid, NOBODY), partial(os.setuid, NOBODY)):
        with suppress(OSError):  # the root of a container may lack the right, and then is not much of a root
            give_up()


def _limit_memory(memory: int) -> None:
    if sys.platform != "linux":  # macOS does not limit address space
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _control(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
