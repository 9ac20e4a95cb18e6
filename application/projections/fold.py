"""Folding events into rows in memory: how rows come about, whether live, rebuilt or as of a past moment."""

from collections.abc import Iterable
from types import MappingProxyType

from application.projections.projection import Key, Projection, Row
from application.recorded import Recorded


def keys(projection: Projection[Row], batch: Iterable[Recorded]) -> set[Key]:
    """All rows that folding this batch needs to see."""
    return {key for recorded in batch for key in projection.keys(recorded)}


def fold(projection: Projection[Row], rows: dict[Key, Row], batch: Iterable[Recorded]) -> list[Key]:
    """Bring `rows` to where they are after this batch; the keys of those that came, changed or went.

    `rows` must hold those of `keys` that exist. The keys returned are in the order of their first change.
    """
    seen = MappingProxyType(rows)
    changed: dict[Key, None] = {}
    for recorded in batch:
        for key, row in projection.evolve(seen, recorded).items():
            changed[key] = None
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
    return list(changed)
