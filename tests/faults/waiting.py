"""Waiting for what must come true, as nothing here is right after a fixed time."""

import time
from collections.abc import Callable

PATIENCE = 35.0
"""Seconds until a test gives up; on an idle machine nothing takes nearly that long. Three times as much is still
less than what pytest gives it (pyproject.toml)."""
GLANCE = 0.02
"""Seconds between two looks."""


class NotInTime(AssertionError):
    """What was waited for did not come true."""

    def __init__(self, what: str, within: float) -> None:
        super().__init__(what, within)
        self.what, self.within = what, within

    def __str__(self) -> str:
        return f"waited {self.within:g} s in vain: {self.what}"


def wait_until(
    condition: Callable[[], object], what: str, *, within: float = PATIENCE, glance: float = GLANCE
) -> float:
    """Return once the condition holds; how many seconds that took. Raises NotInTime."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise NotInTime(what, within)
        time.sleep(glance)
    return time.monotonic() - began
