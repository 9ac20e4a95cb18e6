"""A recorded event as followers see it: the fact itself, and the envelope it was stored in."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class Unreadable(NamedTuple):
    """Stands where an event should: today's code cannot decode it. It is reported, never skipped."""

    error: Exception


class Recorded(NamedTuple):
    """A NamedTuple, because a rebuild makes millions of them."""

    position: int
    """Its place in the whole log, from 1; gaps are possible, repetitions are not."""
    stream_id: UUID
    version: int
    """Its place in its stream, from 1."""
    name: str
    """`Aggregate.Event`."""
    event: Any
    """The domain event; personal texts in it stay sealed until somebody asks for them. Or Unreadable."""
    owner: UUID | None
    actor: str
    cause: str
    correlation: str
    recorded_at: datetime
    """By the database's clock, in UTC; never earlier than the stream's event before it."""
