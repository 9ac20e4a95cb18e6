"""Gives up rights, ties its life to its parent's, and becomes another program; run as a script of its own.

It is a process of its own because what it does between fork and exec is unsafe in a program with threads. It
imports only the standard library, since it runs as `python -I -S launch.py PARENT SIGNAL USER ARGUMENTS…`.
"""

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""

REFUSED = 126
"""The exit code for 'could not become the program', as shells use it."""


def become(parent: int, signum: int, user: str, arguments: list[str]) -> NoReturn:
    """Replace this process by the program.

    `parent` is who started us; on Linux the kernel sends `signum` when it goes, even by kill -9. `user` is
    `uid:gid` to run as, or `-` for no change.
    """
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if user != "-":
        uid, gid = (int(number) for number in user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which would undo it.
    if libc is not None and libc.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(REFUSED)  # the parent went before the kernel was told
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execvp(arguments[0], arguments)  # noqa: S606 - becoming another program is what this file is for


if __name__ == "__main__":
    try:
        become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
    except OSError as error:
        sys.stderr.write(f"{sys.argv[4]}: {error}\n")
        sys.exit(REFUSED)
