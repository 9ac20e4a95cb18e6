"""What an examination finds: one sentence for people, and the values behind it for machines."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from msgspec import Struct

from infrastructure.wiring import Container


class Severity(StrEnum):
    """In their order: the worst of all findings decides the exit code."""

    OK = "ok"
    WARNING = "warning"
    """Somebody should look at it soon."""
    FAILED = "failed"
    """Something does not work, or will not without help."""


class Finding(Struct, frozen=True):
    check: str
    severity: Severity
    says: str
    values: dict[str, Any]


Check = Callable[[Container], Iterable[Finding]]
"""Examines one thing. Whatever it raises is a finding too."""


def graded(value: float, *, warning: float, failed: float) -> Severity:
    """How bad a value is that should be small."""
    if value >= failed:
        return Severity.FAILED
    return Severity.WARNING if value >= warning else Severity.OK
