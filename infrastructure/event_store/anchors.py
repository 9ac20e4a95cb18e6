"""Anchors: what the log was at a moment, signed outside of the database and exported, leaf by leaf.

Whoever can change the database can change events and hashes alike; what was exported before tells.
"""

import struct
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from itertools import pairwise

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infrastructure.event_store.chain import BEGINNING, hashed_fields, integer, microseconds


class Hexadecimal(bytes):
    """Bytes that JSON shows in hexadecimal digits."""


Leaf = tuple[int, bytes]
"""Position and hash of one event that an anchor covers."""
LEAF_LENGTH = 40
"""In bytes: a position in 8, big-endian, and a hash."""


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """docs/verifying.md tells how each field is made."""

    number: int
    """From 1, without gaps."""
    position: int
    """The last that it covers; it begins after that of the anchor before it."""
    events: int
    """How many there are at or below its position."""
    root: Hexadecimal
    made_at: datetime
    hash: Hexadecimal
    signature: Hexadecimal


class ExportedAnchor(Anchor, frozen=True, kw_only=True):
    """With its leaves, as it lies in a file outside of the database."""

    leaves: bytes
    """One after the other, in the order of their positions."""

    @property
    def bare(self) -> Anchor:
        """Without them."""
        return Anchor(**{name: getattr(self, name) for name in Anchor.__struct_fields__})

    def each_leaf(self) -> Iterator[Leaf]:
        """Raises struct.error unless there are whole leaves only."""
        return struct.iter_unpack(">q32s", self.leaves)


class AnchorBroken(Exception):
    """An exported anchor cannot be what it says, so what it covers cannot be checked by it."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(number, reason)
        self.number, self.reason = number, reason


def signed(
    key: Ed25519PrivateKey, previous: Anchor | None, leaves: bytes, position: int, made_at: datetime
) -> ExportedAnchor:
    """The anchor that follows `previous`, and covers these events and everything else up to `position`."""
    number = previous.number + 1 if previous else 1
    events = (previous.events if previous else 0) + len(leaves) // LEAF_LENGTH
    root = sha256(leaves).digest()
    digest = _hash(previous, number, position, events, root, made_at)
    return ExportedAnchor(
        number=number,
        position=position,
        events=events,
        root=Hexadecimal(root),
        made_at=made_at,
        hash=Hexadecimal(digest),
        signature=Hexadecimal(key.sign(digest)),
        leaves=leaves,
    )


def check(anchor: ExportedAnchor, previous: Anchor | None, key: Ed25519PublicKey) -> None:
    """Raise AnchorBroken unless this key signed it, it follows `previous`, and its leaves are those it covers."""
    if anchor.number != (previous.number + 1 if previous else 1):
        raise AnchorBroken(anchor.number, "an anchor before it is missing")
    hashed = _hash(previous, anchor.number, anchor.position, anchor.events, anchor.root, anchor.made_at)
    if hashed != anchor.hash:
        raise AnchorBroken(anchor.number, "its hash is not that of its fields and of the anchor before it")
    try:
        key.verify(anchor.signature, anchor.hash)
    except InvalidSignature:
        raise AnchorBroken(anchor.number, "its signature is not by this key") from None
    if sha256(anchor.leaves).digest() != anchor.root or len(anchor.leaves) % LEAF_LENGTH:
        raise AnchorBroken(anchor.number, "its root is not that of its leaves")
    begins, positions = previous.position if previous else 0, [position for position, _ in anchor.each_leaf()]
    ends = [begins, *positions, anchor.position + 1]
    if any(one >= following for one, following in pairwise(ends)):
        raise AnchorBroken(anchor.number, "its leaves are not those of its range")
    if anchor.events != (previous.events if previous else 0) + len(positions):
        raise AnchorBroken(anchor.number, "it does not count its leaves")


def encode(anchor: ExportedAnchor) -> bytes:
    """The anchor as a file, in JSON."""
    return msgspec.json.encode(anchor, enc_hook=bytes.hex)


def decode(file: bytes) -> ExportedAnchor:
    """Raises msgspec.DecodeError for what is no anchor."""
    return _decoder.decode(file)


def _hash(
    previous: Anchor | None, number: int, position: int, events: int, root: bytes, made_at: datetime
) -> bytes:
    fields = hashed_fields(
        integer(number), integer(position), integer(events), root, integer(microseconds(made_at))
    )
    return sha256((previous.hash if previous else BEGINNING) + fields).digest()


def _unhex(_wanted: type, digits: str) -> Hexadecimal:
    return Hexadecimal(bytes.fromhex(digits))


_decoder = msgspec.json.Decoder(ExportedAnchor, dec_hook=_unhex)
