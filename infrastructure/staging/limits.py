"""What a provider can take: calls at once and a minute, pauses it asked for, and a circuit that opens by itself."""

import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID, uuid4

import msgspec

from infrastructure.staging.models import ImageModel

WINDOW = 61.0
"""Seconds in which `per_minute` calls may begin: a minute, and a second for calls that were long on their way."""
FULL_PAUSE = 0.25
"""Seconds after which it is worth asking again whether a call has ended."""
FAILURES = 5
"""So many in a row open the circuit."""
OPEN_SECONDS = 30.0
"""For so long; afterwards one call at a time shows whether it can be closed, until one succeeds."""
REMEMBERED = 600.0
"""Seconds without a failure after which failures are forgotten."""
SHARE = 10
"""Without Redis nobody knows what others do: each process keeps to this part of the limits, as if it were
one of so many."""


class Busy(Exception):
    """The model can take no call now."""

    def __init__(self, seconds: float, *, resting: bool) -> None:
        super().__init__(seconds, resting)
        self.seconds = seconds
        """When to ask again."""
        self.resting = resting
        """Whether it is left alone, by its own wish or because it fails, and not merely full."""


@dataclass(frozen=True)
class Permit:
    """One call that may be made."""

    model: str
    permit_id: UUID
    shared: bool = False
    """Whether all workers know of it."""


class Limits(Protocol):
    def enter(self, model: ImageModel, *, lease: float) -> Permit:
        """Count a call that begins now and takes no longer than `lease` seconds. Raises Busy."""
        ...

    def leave(self, permit: Permit) -> None:
        """The call has ended."""
        ...

    def rest(self, model: str, seconds: float) -> None:
        """Leave the model alone for so long, or for as long as it was told to rest before, if that is longer."""
        ...

    def succeeded(self, model: str) -> None:
        """It works: its failures are forgotten."""
        ...

    def failed(self, model: str) -> bool:
        """It failed once more; whether that opened the circuit."""
        ...


@dataclass
class _Model:
    running: dict[UUID, float] = field(default_factory=dict)
    """Permits, each with the moment at which its lease ends."""
    started: deque[float] = field(default_factory=deque)
    rests_until: float = 0.0
    failures: int = 0
    failed_at: float = 0.0


class LocalLimits:
    """The limits as one process can keep them, for all of its threads."""

    def __init__(self, *, open_seconds: float = OPEN_SECONDS) -> None:
        self._open_seconds = open_seconds
        self._models: defaultdict[str, _Model] = defaultdict(_Model)
        self._lock = threading.Lock()

    def enter(self, model: ImageModel, *, lease: float) -> Permit:
        with self._lock:
            now, known = time.monotonic(), self._models[model.name]
            if known.rests_until > now:
                raise Busy(known.rests_until - now, resting=True)
            known.running = {permit: until for permit, until in known.running.items() if until > now}
            while known.started and known.started[0] <= now - WINDOW:
                known.started.popleft()
            if known.failed_at < now - REMEMBERED:
                known.failures = 0
            if len(known.running) >= (1 if known.failures >= FAILURES else model.at_once):
                raise Busy(FULL_PAUSE, resting=False)
            if len(known.started) >= model.per_minute:
                raise Busy(known.started[0] + WINDOW - now, resting=False)
            permit = Permit(model.name, uuid4())
            known.running[permit.permit_id] = now + lease
            known.started.append(now)
            return permit

    def leave(self, permit: Permit) -> None:
        with self._lock:
            self._models[permit.model].running.pop(permit.permit_id, None)

    def rest(self, model: str, seconds: float) -> None:
        with self._lock:
            known = self._models[model]
            known.rests_until = max(known.rests_until, time.monotonic() + seconds)

    def succeeded(self, model: str) -> None:
        with self._lock:
            self._models[model].failures = 0

    def failed(self, model: str) -> bool:
        with self._lock:
            known = self._models[model]
            known.failures += 1
            known.failed_at = time.monotonic()
            opened = known.failures >= FAILURES
        if opened:
            self.rest(model, self._open_seconds)
        return opened


def share_of(model: ImageModel) -> ImageModel:
    """What one process may take of a model while it knows of no other."""
    return msgspec.structs.replace(
        model, at_once=max(1, model.at_once // SHARE), per_minute=max(1, model.per_minute // SHARE)
    )
