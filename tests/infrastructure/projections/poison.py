"""Projections with a bug, for seeing what becomes of the events that they cannot digest."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from application.projections.projection import Key, Projection
from application.recorded import Recorded


class CannotDigest(Exception):
    """What the bug raises."""


class Buggy:
    """A projection that cannot digest the events of which `poisonous` is true."""

    def __init__(self, projection: Projection[Any], poisonous: Callable[[Recorded], bool]) -> None:
        self.table = projection.table
        self.events = projection.events
        self._projection = projection
        self._poisonous = poisonous

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        return self._projection.keys(recorded)

    def evolve(self, rows: Mapping[Key, Any], recorded: Recorded) -> Mapping[Key, Any]:
        if self._poisonous(recorded):
            raise CannotDigest
        return self._projection.evolve(rows, recorded)
