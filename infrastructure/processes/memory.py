"""Memory that photos took: given back to the system as soon as it is free."""

import ctypes
from typing import Final

LARGE: Final = 4 * 1024 * 1024
"""Bytes from which on a piece of memory is the system's again when it is freed."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""From glibc's malloc.h."""


def give_back() -> None:
    """From now on, where the C library is glibc.

    By itself it learns from the first large piece that is freed to keep such ones, in a heap for each thread:
    a process that has taken in some photos at once stays as large as it was then.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library, which has no such habit
        return
    for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
        set_option(option, LARGE)
