"""What a projection is: a pure fold from recorded events to the rows of one read model's table."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from application.recorded import Recorded
from domain.aggregate import Aggregate

Key = tuple[Any, ...]
"""The values of a row's key columns, in the table's order."""

Row = TypeVar("Row", bound=tuple[Any, ...])
"""A NamedTuple whose fields are the columns, in the table's order: made three times as fast as a frozen
dataclass, and ready to be written as it is."""


@dataclass(frozen=True)
class Table:
    """A read model's table. Its name carries the version: a new version is built beside the old one."""

    name: str
    version: int
    row: type[Any]
    """A NamedTuple; its fields are the columns, in order."""
    key: tuple[str, ...]
    """The columns that identify a row."""
    apart: "Apart | None" = None
    """What its rows can be folded apart by; None if a row may follow from anybody's events.

    Such a projection is rebuilt one stream, or one owner, after the other, in parallel and without looking
    any row up.
    """

    @property
    def versioned_name(self) -> str:
        return f"{self.name}_v{self.version}"

    @property
    def columns(self) -> tuple[str, ...]:
        columns: tuple[str, ...] = self.row._fields
        return columns


class Unit(StrEnum):
    """What events can be taken apart by."""

    STREAM = "stream"
    OWNER = "owner"


@dataclass(frozen=True)
class Apart:
    """Each row follows from the events of one stream, or of one owner, and of nobody else."""

    by: Unit
    of: Callable[[Any], UUID]
    """The stream's or owner's id, from a row."""


def by_stream(stream_id: Callable[[Any], UUID]) -> Apart:
    return Apart(Unit.STREAM, stream_id)


def by_owner(owner_id: Callable[[Any], UUID]) -> Apart:
    """All events that such a projection reads have an owner."""
    return Apart(Unit.OWNER, owner_id)


class Projection(Protocol[Row]):
    """No SQL and no I/O, so it is tested with given events, then rows; the engine owns everything else."""

    @property
    def table(self) -> Table: ...

    @property
    def events(self) -> frozenset[str]:
        """The names of the events that it reads; all others pass it by."""
        ...

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        """The rows that `evolve` needs to see for this event: all that it changes, and what it looks up.

        Rows that the event creates are not among them: nobody needs to look whether they exist.
        """
        ...

    def evolve(self, rows: Mapping[Key, Row], recorded: Recorded) -> Mapping[Key, Row | None]:
        """The rows after this event: only those that it creates or changes, None for one that goes.

        `rows` holds those of `keys` that exist, and perhaps others, which it must not use.
        """
        ...


class Unowned(Exception):
    """An event of a person's aggregate that says nobody owns it."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def owner(recorded: Recorded) -> UUID:
    """Whose event this is. Raises Unowned."""
    if recorded.owner is None:
        raise Unowned(recorded.position)
    return recorded.owner


def named(*kinds: type[Any]) -> frozenset[str]:
    """The stored names of these events."""
    return frozenset(name for name, kind in Aggregate.events.items() if kind in kinds)
