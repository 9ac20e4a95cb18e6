"""Sets a process's wall clock off, from before its first own import; on PYTHONPATH, SHIFT_CLOCK says how far.

It covers whatever asks Python for the time of day: `time.time`, `time.time_ns` and `datetime.now`, also where
compiled modules call the latter. Compiled code that asks the operating system itself (PostgreSQL, Valkey, the
HTTP server's Date header) is not covered, and the monotonic clock stays right, as it does when somebody sets
the real clock.
"""

import ctypes
import os
import time
from datetime import datetime, timedelta

_SECONDS = float(os.environ["SHIFT_CLOCK"])
"""How far ahead of the true time this process believes to be; below zero, behind it."""


class _Method(ctypes.Structure):
    """CPython's PyMethodDef, as far as it matters here."""

    _fields_ = (("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int))


_Now = ctypes.PYFUNCTYPE(
    ctypes.py_object, ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_void_p
)
"""How CPython calls `datetime.now` (METH_FASTCALL | METH_KEYWORDS, 3.11 to 3.13)."""

_true_time, _true_time_ns = time.time, time.time_ns


def _shifted_time() -> float:
    return _true_time() + _SECONDS


def _shifted_time_ns() -> int:
    return _true_time_ns() + round(_SECONDS * 1e9)


# `datetime` cannot be replaced by a class of ours, which msgspec and psycopg would not take for it. So the
# function behind its method is: the sixth word of the method's descriptor points to its definition.
_definition = id(datetime.__dict__["now"]) + 5 * ctypes.sizeof(ctypes.c_void_p)
_method = _Method.from_address(ctypes.c_void_p.from_address(_definition).value or 0)
_true_now = _Now(_method.function)


def _shifted_now(kind: type[datetime], arguments: int, count: int, names: int) -> datetime:
    now: datetime = _true_now(kind, arguments, count, names)
    return now + timedelta(seconds=_SECONDS)


time.time, time.time_ns = _shifted_time, _shifted_time_ns
_kept = _Now(_shifted_now)  # as long as the process lives
_method.function = ctypes.cast(_kept, ctypes.c_void_p).value
