"""Whether the log is still what it was: every chain walked, and every event compared with its anchored leaf.

One pass in the order of positions sees what is intact. What it suspects is looked at once more at its end, when
everything that is missing is known too: only then can a moved event be told from an edited one.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from infrastructure.event_store.anchors import Leaf
from infrastructure.event_store.chain import BEGINNING
from infrastructure.event_store.tampering import Finding, Reckoning, Row, Suspect


@dataclass
class Verdict:
    events: int = 0
    """How many were looked at."""
    anchors: int = 0
    """How many exported anchors, from the first on, are as they were signed."""
    anchored: int = 0
    """The position up to which these reach; whatever is above could still be changed unnoticed."""
    unanchored: int = 0
    """How many events are above it."""
    findings: list[Finding] = field(default_factory=list)
    changed_anchors: list[int] = field(default_factory=list)
    """Numbers of anchors that the database has not any more, or not as they were exported."""
    unreadable: dict[str, int] = field(default_factory=dict)
    """Names of events that nothing here can decode, and how many there are."""
    unchecked: list[str] = field(default_factory=list)
    """What else could not be checked, in words."""


def verify(
    rows: Iterable[Row], leaves: Iterable[Leaf], *, anchored: int, readable: Callable[[str], bool]
) -> Verdict:
    """Compare all events, in the order of their positions, with all leaves, which reach up to `anchored`."""
    verdict = Verdict(anchored=anchored)
    topics: dict[bytes, int] = {}
    walk = _AnchoredWalk(iter(leaves), anchored)
    for row in rows:
        verdict.events += 1
        fields = row.fields
        end = 48 + int.from_bytes(fields[44:48])
        topic = fields[48:end]
        topics[topic] = topics.get(topic, 0) + 1
        walk.step(row)
    names = {topic.decode(errors="replace"): count for topic, count in sorted(topics.items())}
    verdict.unreadable = {name: count for name, count in names.items() if not readable(name)}
    walk.explain(verdict)
    return verdict


_place = struct.Struct(">4xq24xq").unpack_from
"""Position and version of the fields of a row."""


class _AnchoredWalk:
    """The one pass: keeps each stream's last version and hash, and what is not as it should be."""

    def __init__(self, leaves: Iterator[Leaf], anchored: int) -> None:
        self._leaves = leaves
        self._leaf = next(leaves, None)
        self._anchored = anchored
        self._latest: dict[bytes, tuple[int, bytes]] = {}
        self._suspects: list[Suspect] = []
        self._missing: list[Leaf] = []
        self._last = 0
        self._above = 0

    def step(self, row: Row) -> None:
        fields = row.fields
        position, version = _place(fields)
        stream = fields[16:32]
        last = self._latest.get(stream)
        if last is None:
            previous = BEGINNING if 0 <= version <= 1 else None
        else:
            previous = last[1] if version == last[0] + 1 else None
        leaf: bytes | None
        if position > self._anchored:
            self._above += 1
            leaf = row.hash
        else:
            leaf = self._leaf_at(position)
        if leaf is None or row.hash != leaf or previous is None or sha256(previous + fields).digest() != leaf:
            self._suspects.append(Suspect(row, previous, leaf, last))
        if leaf is not None:
            # What was anchored is the truth that the next one follows, so one edit is one finding.
            self._latest[stream] = version, leaf
            if position <= self._anchored:
                self._last = position

    def _leaf_at(self, position: int) -> bytes | None:
        while self._leaf is not None and self._leaf[0] < position:
            self._missing.append(self._leaf)
            self._leaf = next(self._leaves, None)
        if self._leaf is None or self._leaf[0] != position:
            return None
        found = self._leaf[1]
        self._leaf = next(self._leaves, None)
        return found

    def explain(self, verdict: Verdict) -> None:
        """Say in the verdict what happened to what is not as it should be, now that all is known."""
        if self._leaf is not None:
            self._missing += [self._leaf, *self._leaves]
        reckoning = Reckoning(
            self._suspects, dict(self._missing), self._latest, anchored=self._anchored, last=self._last
        )
        verdict.findings = sorted(reckoning.findings(), key=lambda finding: finding.position)
        verdict.unanchored = self._above
        if reckoning.orphans:
            verdict.unchecked.append(
                f"{reckoning.orphans} events whose predecessors are gone: they have the anchored hash, but "
                "could not be hashed anew"
            )
