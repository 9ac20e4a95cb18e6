"""Who turns photos into better ones: what a stager is asked, what it answers, and what each call of it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from domain.brief import Brief, Preset
from domain.personal import Personal


@dataclass(frozen=True)
class ProviderCall:
    """A call to a provider of pictures, whatever came of it."""

    call_id: UUID
    model: str
    outcome: str
    """`image`, or the code of what came instead."""
    milliseconds: int
    cost_micros: int = 0
    """In millionths of a US dollar; when it is unknown whether a call is billed, as if it were."""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Sent:
    """What a provider was asked, and what it sent back."""

    model: str
    prompt: Personal
    prompt_version: str
    response_id: str | None
    input_tokens: int
    output_tokens: int
    picture: bytes
    """As it came, with the provider's marks."""
    media_type: str


@dataclass(frozen=True)
class StagedPicture:
    picture: bytes
    """In the original's frame."""
    media_type: str
    engine: str
    version: str
    sent: Sent | None = None
    """None when no provider was asked."""
    calls: tuple[ProviderCall, ...] = ()
    """Those of this attempt, the last one of which delivered."""


class Refusal(Exception):
    """The stager's safety rules refused this photo; trying again will not help."""

    def __init__(self, code: str, calls: tuple[ProviderCall, ...] = ()) -> None:
        super().__init__(code)
        self.code, self.calls = code, calls


class RetryLater(Exception):
    """It is too early; the outside world, or something here that has to happen first, asks for patience."""

    def __init__(self, delay: timedelta, calls: tuple[ProviderCall, ...] = ()) -> None:
        super().__init__(delay)
        self.delay, self.calls = delay, calls


class StagingFailed(Exception):
    """This attempt gave no picture that can be delivered; another one may, unless this one was `final`."""

    def __init__(self, code: str, calls: tuple[ProviderCall, ...] = (), *, final: bool = False) -> None:
        super().__init__(code)
        self.code, self.calls, self.final = code, calls, final


class Stager(Protocol):
    """Turns a photo into what the brief asks for."""

    @property
    def presets(self) -> frozenset[Preset]:
        """What it can do."""
        ...

    def stage(self, photo: bytes, brief: Brief) -> StagedPicture:
        """Raises Refusal, RetryLater, PhotoRejected, StagingFailed, or anything else for a failed attempt."""
        ...


@dataclass(frozen=True)
class Ticket:
    """For a photo that a provider will stage in its own time."""

    batch: str
    """The provider's name of it."""
    model: str
    prompt: Personal
    prompt_version: str


class BatchStager(Protocol):
    """Stages photos at a lower price, some time within a day."""

    def hand_in(self, name: str, photo: bytes, brief: Brief) -> Ticket:
        """Ask for it; the provider shows the name. Raises what Stager.stage raises."""
        ...

    def collect(self, ticket: Ticket, photo: bytes, brief: Brief) -> StagedPicture | None:
        """The picture, or None as long as there is none. Raises Refusal, RetryLater or StagingFailed."""
        ...

    def withdraw(self, ticket: Ticket) -> None:
        """Nobody waits for it any more. Too late, it changes nothing."""
        ...


class ProviderCalls(Protocol):
    """Every call to a provider and what it cost, also of photos that were never delivered."""

    def add(self, job_id: UUID, photo_id: UUID, calls: Sequence[ProviderCall]) -> None:
        """Adding the same calls again changes nothing."""
        ...

    def of(self, photo_id: UUID) -> list[ProviderCall]:
        """The calls for this photo, the earliest first."""
        ...
