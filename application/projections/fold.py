"""Folding events into rows in memory: how rows come about, whether live, rebuilt or as of a past moment."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, NamedTuple

from application.projections.projection import Key, Projection, Row
from application.recorded import Recorded, Unreadable


class Parked(NamedTuple):
    """An event that was left out, and what may not be touched until it is folded after all."""

    recorded: Recorded
    keys: frozenset[str]
    """Rows by `name_of`, or its stream by `stream_name`, when it cannot be told which rows."""
    error: Exception | None
    """Why it cannot be digested; None when it only waits for an earlier one."""


class Digested(NamedTuple):
    changed: list[Key]
    """Rows that came, changed or went, in the order of their first change."""
    parked: list[Parked]


def keys(projection: Projection[Row], batch: Iterable[Recorded]) -> set[Key]:
    """All rows that folding this batch needs to see, as far as its events can tell."""
    wanted: set[Key] = set()
    for recorded in batch:
        wanted.update(told_keys(projection, recorded))
    return wanted


def fold(projection: Projection[Row], rows: dict[Key, Row], batch: Iterable[Recorded]) -> list[Key]:
    """Bring `rows` to where they are after this batch; the keys of those that came, changed or went.

    `rows` must hold those of `keys` that exist. The keys returned are in the order of their first change.
    Raises what the projection raises.
    """
    digested = digest(projection, rows, batch, set())
    for left_out in digested.parked:
        if left_out.error:
            raise left_out.error
    return digested.changed


def digest(
    projection: Projection[Row], rows: dict[Key, Row], batch: Iterable[Recorded], blocked: set[str]
) -> Digested:
    """Fold all that can be folded.

    An event that cannot be digested is parked, and so is every later one that touches the same rows, since
    rows follow from their events in order. `blocked` names what is parked already, and grows.
    """
    seen = MappingProxyType(rows)
    changed: dict[Key, Any] = {}
    left_out: list[Parked] = []
    evolve = projection.evolve
    for recorded in batch:
        if blocked and not blocked.isdisjoint(touched(projection, recorded)):
            left_out.append(_park(projection, recorded, None, blocked))
            continue
        try:
            if recorded.event.__class__ is Unreadable:
                raise recorded.event.error  # noqa: TRY301 - what the mapper could not read, nobody can fold
            after = evolve(seen, recorded)
        except Exception as error:  # noqa: BLE001 - whatever a fold raises, it must not hold up the others
            left_out.append(_park(projection, recorded, error, blocked))
            continue
        # As a whole: to hash a key takes longer than all the rest.
        changed.update(after)
        rows.update(after)
        if None in after.values():
            for key, row in after.items():
                if row is None:
                    del rows[key]
    return Digested(list(changed), left_out)


def touched(projection: Projection[Row], recorded: Recorded) -> frozenset[str]:
    """The names of the rows that this event needs, and of its stream."""
    return frozenset(map(name_of, told_keys(projection, recorded))) | {stream_name(recorded)}


def parked(projection: Projection[Row], recorded: Recorded, error: Exception | None) -> Parked:
    """The event as one that is left out: its rows if it can tell any, else all of its stream."""
    names = frozenset(map(name_of, told_keys(projection, recorded)))
    return Parked(recorded, names or frozenset({stream_name(recorded)}), error)


def told_keys(projection: Projection[Row], recorded: Recorded) -> tuple[Key, ...]:
    """The rows that this event needs to see; none if it cannot even tell that."""
    if recorded.event.__class__ is Unreadable:
        return ()
    try:
        return tuple(projection.keys(recorded))
    except Exception:  # noqa: BLE001 - it will be parked with its stream once it is folded
        return ()


def name_of(key: Key) -> str:
    return "/".join(map(str, key))


def stream_name(recorded: Recorded) -> str:
    return f"stream {recorded.stream_id}"


def _park(
    projection: Projection[Row], recorded: Recorded, error: Exception | None, blocked: set[str]
) -> Parked:
    left_out = parked(projection, recorded, error)
    blocked |= left_out.keys
    return left_out
