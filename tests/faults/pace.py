"""How fast the workers of an installation under test are to notice that another one died."""

from enum import StrEnum


class Speed(StrEnum):
    REAL = "real"
    """As in production."""
    QUICK = "quick"
    """A dead worker's leases run out five times as soon, as tests cannot always wait."""
