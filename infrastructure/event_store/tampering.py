"""What happened to events that are not as they should be: edited, deleted, truncated, inserted or reordered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import product
from typing import NamedTuple
from uuid import UUID

from infrastructure.event_store.chain import BEGINNING, integer

THOROUGH = 2_000_000
"""How many hashes may be tried to tell what is intact or was moved; with more, moved events are called edited."""


class Kind(StrEnum):
    EDITED = "edited"
    """It is there, but not what it was."""
    DELETED = "deleted"
    """It was there, and some that were anchored after it still are."""
    TRUNCATED = "truncated"
    """It was there, and nothing that was anchored after it is left."""
    INSERTED = "inserted"
    """It was not there when its place was anchored."""
    REORDERED = "reordered"
    """It was there, but at another position or version."""


@dataclass(frozen=True)
class Finding:
    """Something that happened to an event."""

    position: int
    kind: Kind
    anchored: bool
    """Whether an exported anchor proves it; otherwise only its stream's chain does."""
    stream_id: UUID | None = None
    """None when the event is gone."""
    version: int | None = None
    came_from: int | None = None
    """Where a reordered event was."""


class Row(NamedTuple):
    """A stored event: its hash, and its fields as they are hashed (see chain.hashed_fields)."""

    hash: bytes
    fields: bytes

    @property
    def position(self) -> int:
        return int.from_bytes(self.fields[4:12])

    @property
    def stream(self) -> bytes:
        return self.fields[16:32]

    @property
    def version(self) -> int:
        return int.from_bytes(self.fields[36:44])

    def moved(self, position: int, version: int) -> bytes:
        """Its fields as they were if it has been at this place."""
        return b"".join(
            (self.fields[:4], integer(position), self.fields[12:36], integer(version), self.fields[44:])
        )


class Suspect(NamedTuple):
    row: Row
    previous: bytes | None
    """The hash that it must follow; None if the event before it is not there."""
    leaf: bytes | None
    """What was anchored at its position; None if nothing was."""
    latest: bytes | None
    """The hash of the event before it in the stream that it says it belongs to, whichever version that has."""


class Reckoning:
    """Looks at all suspects together, which alone tells a moved event from an edited one."""

    def __init__(self, suspects: list[Suspect], lost: dict[int, bytes], anchored: int, last: int) -> None:
        """`lost` are the hashes of anchored events that are not at their positions; `last` is the last that is."""
        self._lost = dict(lost)
        self._anchored, self._last = anchored, last
        self._leaves = lost | {one.row.position: one.leaf for one in suspects if one.leaf is not None}
        self._before = [BEGINNING, *self._leaves.values(), *(one.latest for one in suspects if one.latest)]
        self._provable = len(suspects) * len(self._before) <= THOROUGH
        self._suspects = suspects
        self.orphans = 0
        """Events whose hash is the anchored one, but of which more could not be tried: too many are gone."""

    def findings(self) -> Iterator[Finding]:
        unexplained = [one for one in self._suspects if not self._is_intact(one)]
        came_from = self._moves(unexplained)
        for one in unexplained:
            origin = came_from.get(one.row.position)
            if origin is not None:
                self._lost.pop(origin, None)
            yield self._finding(one, origin)
        for position in self._lost:
            yield Finding(position, Kind.TRUNCATED if position > self._last else Kind.DELETED, anchored=True)

    def _is_intact(self, one: Suspect) -> bool:
        """Whether it makes its leaf after the hash of an event that is missing or suspected too.

        Its own predecessor may be among those, and has been found out by itself.
        """
        if one.leaf is None or one.row.hash != one.leaf:
            return False
        if one.previous is None and not self._provable:
            self.orphans += 1
            return True
        candidates = [one.previous] if one.previous else []
        if self._provable:
            candidates += self._before
        if not _makes(one.leaf, one.row.fields, candidates):
            return False
        del self._leaves[one.row.position]
        return True

    def _moves(self, unexplained: list[Suspect]) -> dict[int, int]:
        """Where events were that are now elsewhere, by their positions now; nothing when there are too many."""
        if len(unexplained) ** 2 * len(self._leaves) * len(self._before) > THOROUGH:
            return {}
        versions: dict[bytes, set[int]] = {}
        for one in unexplained:
            versions.setdefault(one.row.stream, set()).add(one.row.version)
        found: dict[int, int] = {}
        for one in unexplained:
            here = one.row.position, one.row.version
            for position, version in product(self._leaves, sorted(versions[one.row.stream])):
                if (position, version) != here and _makes(
                    self._leaves[position], one.row.moved(position, version), self._before
                ):
                    found[one.row.position] = position
                    break
        return found

    def _finding(self, one: Suspect, origin: int | None) -> Finding:
        anchored = one.row.position <= self._anchored
        if origin is not None:
            kind = Kind.REORDERED
        elif one.leaf is None:
            kind = Kind.INSERTED
        elif one.previous is None and not anchored:
            kind = Kind.DELETED  # the one before it, of which nothing else tells
        else:
            kind = Kind.EDITED
        return Finding(
            one.row.position, kind, anchored, UUID(bytes=one.row.stream), one.row.version, came_from=origin
        )


def _makes(leaf: bytes, fields: bytes, candidates: Iterable[bytes]) -> bool:
    return any(sha256(previous + fields).digest() == leaf for previous in candidates)
