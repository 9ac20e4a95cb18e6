"""Verifying a log, in its database or exported, against anchors that were exported: with their public key alone."""

from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from eventsourcing.utils import TopicError, resolve_topic
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.event_store import anchors
from infrastructure.event_store.anchor_files import AnchorFiles
from infrastructure.event_store.anchors import Anchor, AnchorBroken, Leaf
from infrastructure.event_store.log_rows import stored_rows
from infrastructure.event_store.tampering import Row
from infrastructure.event_store.verification import Verdict, verify

_KEPT = "SELECT number, hash, signature FROM event_store.anchors ORDER BY number"


def audit(rows: Iterable[Row], files: AnchorFiles, key: Ed25519PublicKey) -> Verdict:
    """What can be said of these events; an anchor that is missing or broken is said in `unchecked`."""
    newest, problem = _proven(files, key)
    verdict = verify(
        rows, _leaves(files, newest), anchored=newest.position if newest else 0, readable=_readable
    )
    if problem:
        verdict.unchecked.append(problem)
    if newest is None and verdict.events:
        verdict.unchecked.append("there is no anchor, so only each stream's own chain could be checked")
    return verdict


def audit_database(connection: Connection[TupleRow], files: AnchorFiles, key: Ed25519PublicKey) -> Verdict:
    """The same of a database, and whether it still has the anchors that were exported of it."""
    verdict = audit(stored_rows(connection), files, key)
    kept = {number: (digest, signature) for number, digest, signature in connection.execute(_KEPT)}
    for anchor in _all(files):
        if kept.pop(anchor.number, None) != (anchor.hash, anchor.signature):
            verdict.unchecked.append(
                f"anchor {anchor.number} was exported, and the database has it not, or another"
            )
    if kept:
        verdict.unchecked.append(f"{len(kept)} anchors of the database are not exported")
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
    if newest is not None:
        for anchor in files.all():
            if anchor.number > newest.number:
                return
            yield from anchor.each_leaf()


def _all(files: AnchorFiles) -> Iterator[Anchor]:
    try:
        yield from files.all()
    except AnchorBroken:
        return  # which is said already


def _readable(topic: str) -> bool:
    try:
        resolve_topic(topic)
    except TopicError:
        return False
    return True
