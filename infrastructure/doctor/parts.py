"""Examines the parts that nothing works without: database, Redis and object store answer, and how soon."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from infrastructure.doctor.findings import Finding, Severity
from infrastructure.reactions.failure import described
from infrastructure.wiring import Container


def parts(container: Container) -> Iterator[Finding]:
    yield _asked("database", container.database.now)
    # Redis only carries wake-up calls: without it everything takes longer, and nothing is lost.
    yield _asked("redis", container.redis.ping, away=Severity.WARNING)
    yield _asked("object_store", container.pictures.check)


def _asked(part: str, question: Callable[[], Any], away: Severity = Severity.FAILED) -> Finding:
    began = time.perf_counter()
    try:
        question()
    except Exception as error:  # noqa: BLE001 - whatever it raises, that is the finding
        return Finding(part, away, f"{part} does not answer", {"up": False, "error": described(error)})
    ms = round((time.perf_counter() - began) * 1000, 1)
    return Finding(part, Severity.OK, f"{part} answers in {ms} ms", {"up": True, "ms": ms})
