"""Verifying a log, in its database or exported, against anchors that were exported: with their public key alone."""

from collections.abc import Iterable, Iterator
from itertools import islice

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES
from infrastructure.event_store import anchors
from infrastructure.event_store.anchor_files import AnchorFiles
from infrastructure.event_store.anchors import Anchor, AnchorBroken, Leaf
from infrastructure.event_store.log_rows import stored_rows
from infrastructure.event_store.tampering import Row
from infrastructure.event_store.verification import Verdict, verify

_AGGREGATES = {aggregate.__name__ for aggregate in AGGREGATES}

# As the exported ones have them; a time that no anchor can have is none.
_KEPT = """
    SELECT number, position, events, root,
           CASE WHEN made_at BETWEEN '1970-01-01 UTC' AND '9999-12-31 UTC' THEN made_at END, hash, signature
    FROM event_store.anchors
"""


def audit(rows: Iterable[Row], files: AnchorFiles, key: Ed25519PublicKey) -> Verdict:
    """What can be said of these events; an anchor that is missing or broken is said in `unchecked`."""
    newest, problem = _proven(files, key)
    verdict = verify(
        rows, _leaves(files, newest), anchored=newest.position if newest else 0, readable=_readable
    )
    verdict.anchors = newest.number if newest else 0
    if problem:
        verdict.unchecked.append(problem)
    if newest is None and verdict.events:
        verdict.unchecked.append("there is no anchor, so only each stream's own chain could be checked")
    return verdict


def audit_database(connection: Connection[TupleRow], files: AnchorFiles, key: Ed25519PublicKey) -> Verdict:
    """The same of a database, and whether it still has the anchors that were exported of it."""
    verdict = audit(stored_rows(connection), files, key)
    kept = {number: tuple(anchor) for number, *anchor in connection.execute(_KEPT)}
    exported = {anchor.number: anchor for anchor in _all(files)}
    for number in range(1, verdict.anchors + 1):
        one = exported[number]
        proven = (one.position, one.events, one.root, one.made_at, one.hash, one.signature)
        if kept.get(number) != proven:
            verdict.changed_anchors.append(number)
    if left := kept.keys() - exported.keys():
        verdict.unchecked.append(f"{len(left)} anchors of the database have no file that can be read")
    return verdict


def _proven(files: AnchorFiles, key: Ed25519PublicKey) -> tuple[Anchor | None, str | None]:
    """The newest anchor up to which all are as they were signed, and what is wrong with the next one, if any."""
    newest: Anchor | None = None
    try:
        for anchor in files.all():
            anchors.check(anchor, newest, key)
            newest = anchor
    except AnchorBroken as error:
        return newest, f"anchors from {error.number} on: {error.reason}"
    return newest, None


def _leaves(files: AnchorFiles, newest: Anchor | None) -> Iterator[Leaf]:
    """Read a second time, so that never more than one anchor's are in memory."""
    for anchor in islice(files.all(), newest.number if newest else 0):
        yield from anchor.each_leaf()


def _all(files: AnchorFiles) -> Iterator[Anchor]:
    """Without their leaves, so that all of them may be in memory; up to the first that cannot be read."""
    try:
        for anchor in files.all():
            yield anchor.bare
    except AnchorBroken:
        return  # which is said already


def _readable(topic: str) -> bool:
    # Not by resolving it: a topic of the library's may name any module, and whoever wrote it would have it run.
    return topic.partition(".")[0] in _AGGREGATES and topic in Aggregate.events
