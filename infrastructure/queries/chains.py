"""Checking a stream's chain: each hash is made anew from the stored fields and the hash before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import Connection

from application.ports import Store
from application.projections.credit_places import Places, total
from domain.credit_ledger import CreditLedger
from infrastructure.postgres.database import Database

FIRST = bytes(32)
"""What the first event of a stream follows."""
_AT_ONCE = 5_000

# What is hashed, put together by PostgreSQL's own functions, none of ours: an array of bytea is sent as its
# fields, each after its length in 4 bytes (-1 for null), behind 20 bytes about the array itself. The format is
# told to outsiders in docs/auditing.md.
_STREAM = """
    SELECT position, originator_version, hash,
           substr(array_send(ARRAY[
               int8send(position), uuid_send(originator_id), int8send(originator_version),
               convert_to(topic, 'UTF8'), state, metadata, uuid_send(owner),
               int8send((extract(epoch FROM recorded_at) * 1000000)::bigint)
           ]), 21)
    FROM event_store.events WHERE originator_id = %s ORDER BY originator_version
"""


@dataclass(frozen=True)
class Broken:
    """The first event at which a chain does not hold."""

    kind: str
    """`gap` when a version is missing before it, `changed` when its hash is not that of its fields."""
    position: int
    version: int


@dataclass(frozen=True)
class Chain:
    """What a stream's chain looks like, up to where it holds."""

    events: int
    last_version: int
    last_position: int
    head: bytes
    """The hash of the last event that was checked and found right."""
    broken: Broken | None


def verify(connection: Connection[Any], stream_id: UUID) -> Chain:
    """Read a whole stream, as it is at one moment, and check it."""
    events = version = position = 0
    head = FIRST
    for position_, version_, stored, content in _rows(connection, stream_id):
        if version_ != version + 1 and not (events == 0 and version_ == 0):
            return Chain(events, version, position, head, Broken("gap", position_, version_))
        if sha256(head + content).digest() != stored:
            return Chain(events, version, position, head, Broken("changed", position_, version_))
        events, version, position, head = events + 1, version_, position_, stored
    return Chain(events, version, position, head, None)


def _rows(connection: Connection[Any], stream_id: UUID) -> Iterator[tuple[int, int, bytes, bytes]]:
    with connection.transaction(), connection.cursor("chain", binary=True) as cursor:
        cursor.execute(_STREAM, [stream_id])
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from rows


@dataclass(frozen=True)
class Verified:
    """A ledger that was checked: its chain, and what its events come to when they are folded anew."""

    chain: Chain
    replayed: Places | None
    """None when the chain is broken: then there is no telling what to fold."""
    replayed_to: int
    """The position of the last event that was folded."""
    anchored_to: int
    """The last position that a signed anchor covers; 0 without any."""


def verified(database: Database, store: Store, user_id: UUID) -> Verified:
    """Check a user's ledger. Raises NotFound."""
    ledger_id = CreditLedger.id_for(user_id)
    with database.connection() as connection:
        chain = verify(connection, ledger_id)
        (anchored_to,) = connection.execute(_ANCHORED).fetchall()[0]
    if chain.broken:
        return Verified(chain, None, chain.last_position, anchored_to)
    ledger = store.get(CreditLedger, ledger_id)  # it may have gone on since
    with database.connection() as connection:
        (position,) = connection.execute(_POSITION, [ledger_id, ledger.version]).fetchall()[0]
    return Verified(chain, replayed(ledger), position, anchored_to)


def replayed(ledger: CreditLedger) -> Places:
    """Where a ledger's credits are, as the aggregate itself knows: no read model has a part in it."""
    return total(
        Places(
            granted=lot.credits,
            available=lot.available,
            held=lot.held,
            frozen=lot.frozen,
            spent=lot.spent,
            expired=lot.expired,
            taken_back=lot.taken_back,
            debt=lot.debt,
        )
        for lot in ledger.lots.values()
    )


_POSITION = "SELECT position FROM event_store.events WHERE originator_id = %s AND originator_version = %s"
_ANCHORED = "SELECT coalesce(max(position), 0) FROM event_store.anchors"
