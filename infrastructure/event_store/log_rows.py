"""All events with their hashes, for verification: straight from the table, or from an export."""

import base64
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.rows import TupleRow

from infrastructure.event_store.anchors import Hexadecimal
from infrastructure.event_store.chain import fields_of
from infrastructure.event_store.tampering import Row

# PostgreSQL's binary form of a row is each column's length in 4 bytes and then the column, big-endian: for these
# columns just what is hashed, so nothing has to be taken apart and put together again. Whoever may change the
# table may also have let columns be null, or written times of which no number can be made: they stand out here.
_COPY = b"""
    COPY (
        SELECT coalesce(hash, ''), coalesce(position, 0),
               coalesce(originator_id, '00000000-0000-0000-0000-000000000000'), coalesce(originator_version, -1),
               coalesce(topic, ''), state, metadata, owner,
               CASE WHEN recorded_at BETWEEN '1970-01-01 UTC' AND '9999-12-31 UTC'
                    THEN (extract(epoch FROM recorded_at) * 1000000)::bigint END
        FROM event_store.events ORDER BY position
    ) TO STDOUT (FORMAT binary)
"""
_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_HEADER_LENGTH = 19
_END = b"\xff\xff"


class Exported(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event as a line of JSON. Bytes that are no UTF-8 are in base64 instead."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    recorded_at: Annotated[datetime, msgspec.Meta(tz=True)]
    hash: Hexadecimal
    owner: UUID | None = None
    state_text: str | None = msgspec.field(default=None, name="state")
    state_base64: str | None = None
    metadata_text: str | None = msgspec.field(default=None, name="metadata")
    metadata_base64: str | None = None

    @property
    def state(self) -> bytes:
        return _bytes(self.state_text, self.state_base64)

    @property
    def metadata(self) -> bytes:
        return _bytes(self.metadata_text, self.metadata_base64)


def stored_rows(connection: Connection[TupleRow]) -> Iterator[Row]:
    """Of the table, in the order of positions, as one snapshot of it. The connection is on autocommit."""
    connection.execute("SET transaction_timeout = 0")  # the whole log takes longer than any request may
    try:
        for message in _copied(connection.pgconn):
            row = message[_HEADER_LENGTH:] if message.startswith(_SIGNATURE) else message
            if row and row != _END:
                # Its hash need not have the length of ours: somebody may have written over it.
                end = 6 + int.from_bytes(row[2:6])
                yield Row(row[6:end], row[end:])
    finally:
        connection.execute("RESET transaction_timeout")


def _copied(pgconn: PGconn) -> Iterator[bytes]:
    """The messages of a COPY, one a row. Straight from libpq: a driver's step for each takes five times as long."""
    result = pgconn.exec_(_COPY)
    while result.status == ExecStatus.COPY_OUT:
        length, message = pgconn.get_copy_data(0)
        if length < 0:
            break
        yield bytes(message or b"")
    while following := pgconn.get_result():
        result = following
    if result.status != ExecStatus.COMMAND_OK:
        raise error_from_result(result)


class NotExported(Exception):
    """A line that is none of an export."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line, self.reason = line, reason

    def __str__(self) -> str:
        return f"line {self.line} is not one of an export: {self.reason}"


def exported_rows(lines: Iterable[bytes]) -> Iterator[Row]:
    """Of an export. Raises NotExported."""
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        try:
            event = _decoder.decode(line)
            fields = fields_of(event)
        except (msgspec.DecodeError, ValueError, struct.error) as error:
            raise NotExported(number, str(error)) from None
        yield Row(bytes(event.hash), fields)


def export_line(row: tuple[Any, ...]) -> bytes:
    """A row of EXPORTED as a line of JSON, without its end."""
    position, stream_id, version, topic, state, metadata, owner, recorded_at, digest = row
    state_text, state_base64 = _told(state)
    metadata_text, metadata_base64 = _told(metadata)
    return _encoder.encode(
        Exported(
            position,
            stream_id,
            version,
            topic,
            recorded_at,
            Hexadecimal(digest),
            owner,
            state_text,
            state_base64,
            metadata_text,
            metadata_base64,
        )
    )


EXPORTED = "position, originator_id, originator_version, topic, state, metadata, owner, recorded_at, hash"
"""The columns of event_store.events that export_line takes."""


def _told(stored: bytes) -> tuple[str | None, str | None]:
    try:
        return stored.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(stored).decode()


def _bytes(text: str | None, encoded: str | None) -> bytes:
    return base64.b64decode(encoded) if encoded is not None else (text or "").encode()


def _unhex(_wanted: type, digits: str) -> Hexadecimal:
    return Hexadecimal(bytes.fromhex(digits))


_encoder = msgspec.json.Encoder(enc_hook=bytes.hex)
_decoder = msgspec.json.Decoder(Exported, dec_hook=_unhex)
