"""Snapshots of our aggregates: sealed with their owner's key, and forgotten when the domain's code changes.

The domain does not know of them. An aggregate that took many events to load is kept as it was then; the next one
who loads it begins there.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import psycopg
import structlog
from cryptography.exceptions import InvalidTag
from psycopg_pool import PoolTimeout

import domain
from domain.aggregate import Aggregate
from domain.personal import Personal
from infrastructure.event_store import shapes
from infrastructure.event_store.keyring import KeyDestroyed, Keyring, Sealed
from infrastructure.postgres.database import Database

EVERY = 100
"""Events after which an aggregate is kept again. Loading so many takes about as long as loading a snapshot."""
_FAR_BEHIND = 1000
"""Events after which a snapshot of another version of the code is of no use to a release that still runs."""

_INSERT = """
    INSERT INTO event_store.snapshots (originator_id, originator_version, topic, state)
    VALUES (%s, %s, %s, %b) ON CONFLICT DO NOTHING
"""
_DELETE_OLDER = """
    DELETE FROM event_store.snapshots
    WHERE originator_id = %(id)s AND originator_version < %(version)s
      AND (topic = %(topic)s OR originator_version < %(version)s - %(far)s)
"""
_DELETE = "DELETE FROM event_store.snapshots WHERE originator_id = %s AND topic = %s"

_THE_LIBRARYS = frozenset({"_id", "_version", "_created_on", "_modified_on", "_pending_events"})
"""Attributes that every aggregate has, and that follow from where it is kept."""

A = TypeVar("A", bound=Aggregate)
log = structlog.get_logger()


class _Kept(msgspec.Struct, array_like=True):
    shape: str
    state: bytes


class Snapshots:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._encoder = msgspec.msgpack.Encoder(enc_hook=_token, uuid_format="bytes")
        self._decoders: dict[str, msgspec.msgpack.Decoder[Any]] = {}

    @staticmethod
    def topic(kind: type[Aggregate]) -> str:
        """Names the kind and the code that its state belongs to."""
        return f"{kind.__name__}.Snapshot@{_code()}"

    def keep(self, aggregate: Aggregate) -> None:
        """Keep it as it is now, once the transaction that it was loaded in is durable.

        Belonging to nobody, or to somebody forgotten, it is not kept; nor if it is made of what cannot be.
        """
        if aggregate.owner is None:
            return
        topic = self.topic(type(aggregate))
        try:
            state = self._sealed(aggregate, aggregate.owner, topic)
        except KeyDestroyed:
            return
        except TypeError as error:
            log.warning("snapshot.impossible", aggregate=type(aggregate).__name__, error=str(error))
            return
        row = (aggregate.id, aggregate.version, topic, state)
        self._database.after_commit(lambda: self._insert(row))

    def restored(self, kind: type[A], aggregate_id: UUID, version: int, stored: bytes) -> A | None:
        """The aggregate as it was; None if its owner was forgotten, or somebody wrote over it. Then it goes."""
        topic = self.topic(kind)
        try:
            opened = self._keyring.open_bytes(stored, _about(aggregate_id, version, topic))
        except InvalidTag:
            log.warning("snapshot.refused", aggregate=kind.__name__, id=str(aggregate_id), version=version)
            opened = None
        if opened is None:
            self._database.execute(_DELETE, [aggregate_id, topic])
            return None
        kept = _kept.decode(opened)
        state = msgspec.structs.asdict(self._decoder(kept.shape).decode(kept.state))
        return restored(kind, aggregate_id, version, state)

    def _sealed(self, aggregate: Aggregate, owner: UUID, topic: str) -> bytes:
        state = state_of(aggregate)
        written = {name: shapes.written(shapes.shape_of(value)) for name, value in state.items()}
        shape = msgspec.json.encode(written).decode()
        self._decoder(shape)  # what could not be decoded is not kept
        content = msgspec.msgpack.encode(_Kept(shape, self._encoder.encode(state)))
        return self._keyring.seal_bytes(owner, content, _about(aggregate.id, aggregate.version, topic))

    def _decoder(self, shape: str) -> msgspec.msgpack.Decoder[Any]:
        if (decoder := self._decoders.get(shape)) is None:
            attributes = msgspec.json.decode(shape, type=dict[str, str])
            fields = [(name, shapes.read(text)) for name, text in attributes.items()]
            state = msgspec.defstruct("State", fields)
            decoder = msgspec.msgpack.Decoder(state, dec_hook=self._personal)
            self._decoders[shape] = decoder
        return decoder

    def _personal(self, wanted: type, token: Any) -> Any:
        if wanted is not Personal:
            raise TypeError(f"{wanted.__name__} cannot be read from a snapshot")
        return Sealed(token, self._keyring)

    def _insert(self, row: tuple[UUID, int, str, bytes]) -> None:
        aggregate_id, version, topic, _ = row
        older = {"id": aggregate_id, "version": version, "topic": topic, "far": _FAR_BEHIND}
        try:
            with self._database.transaction():
                self._database.execute(_INSERT, row)
                self._database.execute(_DELETE_OLDER, older)
        except (psycopg.Error, PoolTimeout) as error:
            # What was asked for is done already; only the next load takes longer.
            log.warning("snapshot.not_kept", id=str(aggregate_id), error=f"{type(error).__name__}: {error}")


def state_of(aggregate: Aggregate) -> dict[str, Any]:
    """Its own attributes."""
    return {name: value for name, value in vars(aggregate).items() if name not in _THE_LIBRARYS}


def restored(kind: type[A], aggregate_id: UUID, version: int, state: dict[str, Any]) -> A:
    """The aggregate that had these attributes."""
    aggregate = object.__new__(kind)
    aggregate.__dict__ = {
        **state,
        "_id": aggregate_id,
        "_version": version,
        "_created_on": None,
        "_modified_on": None,
        "_pending_events": [],
    }
    return aggregate


def _about(aggregate_id: UUID, version: int, topic: str) -> bytes:
    """What a sealed state belongs to, and cannot be moved from."""
    return f"{aggregate_id}/{version}/{topic}".encode()


def _token(value: Any) -> str:
    if isinstance(value, Sealed):
        return value.token
    raise TypeError(f"{type(value).__name__} cannot be kept in a snapshot")


@cache
def _code() -> str:
    """Of all of the domain: whatever could change what events are folded to changes this too."""
    folder = Path(domain.__path__[0])
    sources = b"".join(file.read_bytes() for file in sorted(folder.rglob("*.py")))
    return sha256(sources).hexdigest()[:16]


_kept = msgspec.msgpack.Decoder(_Kept)
