"""Trying a use case again when somebody else changed the same aggregate first."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from application.errors import ConcurrentChange

ATTEMPTS = 12
LONGEST_PAUSE = 0.2
"""In seconds."""

P = ParamSpec("P")
R = TypeVar("R")

_being_tried: Final = ContextVar("being_tried", default=False)


def retried(use_case: Callable[P, R]) -> Callable[P, R]:
    """Run the use case afresh, loading included, until it succeeds or ATTEMPTS are used up.

    Pauses are random and growing, so that many that collide drift apart. A use case that is part of another
    one is tried once, and the whole again: the transaction that both share has failed.
    """

    @wraps(use_case)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        if _being_tried.get():
            return use_case(*args, **kwargs)
        with _trying():
            for tried in range(1, ATTEMPTS):
                try:
                    return use_case(*args, **kwargs)
                except ConcurrentChange:
                    time.sleep(random.uniform(0, min(LONGEST_PAUSE, 0.002 * 2**tried)))  # noqa: S311 - not a secret
            return use_case(*args, **kwargs)

    return attempt


@contextmanager
def _trying() -> Iterator[None]:
    before = _being_tried.set(True)
    try:
        yield
    finally:
        _being_tried.reset(before)
