"""What happened to events that are not as they should be: edited, deleted, truncated, inserted or reordered."""

from collections.abc import Iterable, Iterator, Mapping
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
    went_to: int | None = None
    """Where the event is that was here."""


class Row(NamedTuple):
    """A stored event: its hash, and its fields as they are hashed (see chain.hashed_fields)."""

    hash: bytes
    fields: bytes

    @property
    def position(self) -> int:
        return int.from_bytes(self.fields[4:12], signed=True)

    @property
    def stream(self) -> bytes:
        return self.fields[16:32]

    @property
    def version(self) -> int:
        return int.from_bytes(self.fields[36:44], signed=True)

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
    latest: tuple[int, bytes] | None
    """Version and hash of the event before it in the stream that it says it belongs to."""


Ends = Mapping[bytes, tuple[int, bytes]]
"""Of each stream, the version and the hash of its last event."""


class Reckoning:
    """Looks at all suspects together, which alone tells a moved event from an edited one."""

    def __init__(
        self, suspects: list[Suspect], lost: dict[int, bytes], ends: Ends, *, anchored: int, last: int
    ) -> None:
        """`lost` are the hashes of anchored events that are not at their positions; `last` is the last that is."""
        self._suspects = suspects
        self._lost = dict(lost)
        self._anchored, self._last = anchored, last
        # Those that are lost come first: above the last anchor, an event's own hash is all there is to compare with.
        self._leaves = lost | {one.row.position: one.leaf for one in suspects if one.leaf is not None}
        self._before = [BEGINNING, *self._leaves.values(), *(one.latest[1] for one in suspects if one.latest)]
        self._provable = len(suspects) * len(self._before) <= THOROUGH
        self._stored = {(one.row.stream, one.row.version): one.row.hash for one in suspects}
        self._true = {(stream, version): digest for stream, (version, digest) in ends.items()}
        self._true |= {(one.row.stream, one.latest[0]): one.latest[1] for one in suspects if one.latest}
        self.orphans = 0
        """Events whose hash is the anchored one, but of which more could not be tried: too many are gone."""

    def findings(self) -> Iterator[Finding]:
        unexplained = [one for one in self._suspects if not self._is_intact(one)]
        came_from = self._moves(unexplained)
        for one in unexplained:
            origin = came_from.get(one.row)
            yield self._finding(one, origin)
            if origin is not None and origin in self._lost:
                del self._lost[origin]
                if origin != one.row.position:
                    yield self._departure(one.row, origin)
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
        candidates = self._predecessors(one) + (self._before if self._provable else [])
        if not _makes(one.leaf, one.row.fields, candidates):
            return False
        del self._leaves[one.row.position]
        self._true[one.row.stream, one.row.version] = one.leaf
        return True

    def _moves(self, unexplained: list[Suspect]) -> dict[Row, int]:
        """Where events were that are now elsewhere.

        Whoever moved an event and left its hash alone has left its old place with it. Otherwise all places are
        tried, with other versions too where there are few; nowhere when there are too many.
        """
        found: dict[Row, int] = {}
        places = {leaf: position for position, leaf in reversed(self._leaves.items())}
        anywhere = len(unexplained) * len(self._leaves) * 5 <= THOROUGH
        for one in sorted(unexplained, key=lambda one: (one.row.stream, one.row.version)):
            told = places.get(one.row.hash)
            tried = ([] if told is None else [told]) + (list(self._leaves) if anywhere else [])
            origin = self._origin(one, tried, [one.row.version], self._predecessors(one))
            if origin is not None:
                found[one.row] = origin
        rest = [one for one in unexplained if one.row not in found]
        if len(rest) ** 2 * len(self._leaves) * len(self._before) > THOROUGH:
            return found
        for one in rest:
            versions = sorted({other.row.version for other in rest if other.row.stream == one.row.stream})
            if (origin := self._origin(one, self._leaves, versions, self._before)) is not None:
                found[one.row] = origin
        return found

    def _origin(
        self, one: Suspect, positions: Iterable[int], versions: list[int], predecessors: list[bytes]
    ) -> int | None:
        """Which of these anchored positions it was at, with one of these versions and predecessors."""
        here = (one.row.position, one.row.version) if one.leaf else None
        for position, version in product(positions, versions):
            leaf = self._leaves[position]
            if (position, version) != here and _makes(leaf, one.row.moved(position, version), predecessors):
                self._true[one.row.stream, version] = leaf
                return position
        return None

    def _predecessors(self, one: Suspect) -> list[bytes]:
        """Hashes that may have been the one before its own: as it was anchored, or as it is stored now."""
        before = one.row.stream, one.row.version - 1
        found = (one.previous, self._true.get(before), self._stored.get(before), BEGINNING)
        return list(dict.fromkeys(digest for digest in found if digest is not None))

    def _finding(self, one: Suspect, origin: int | None) -> Finding:
        anchored = one.row.position <= self._anchored
        if origin is not None:
            kind = Kind.REORDERED
            anchored = True  # the anchor has it elsewhere
        elif one.leaf is None:
            kind = Kind.INSERTED
        elif one.previous is None and not anchored:
            kind = Kind.DELETED  # the one before it, of which nothing else tells
        else:
            kind = Kind.EDITED
        return Finding(
            one.row.position, kind, anchored, UUID(bytes=one.row.stream), one.row.version, came_from=origin
        )

    def _departure(self, row: Row, origin: int) -> Finding:
        return Finding(
            origin, Kind.REORDERED, True, UUID(bytes=row.stream), row.version, went_to=row.position
        )


def _makes(leaf: bytes, fields: bytes, candidates: Iterable[bytes]) -> bool:
    return any(sha256(previous + fields).digest() == leaf for previous in candidates)
