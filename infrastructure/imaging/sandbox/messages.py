"""What a sandbox and its owner say to each other: one length and one MessagePack object at a time."""

import socket
import struct
import time

import msgspec
from msgspec import Struct

LARGEST = 512 * 1024 * 1024
"""Bytes of one message; nothing that is asked for comes near it."""
_LENGTH = struct.Struct(">Q")


class Ready(Struct, frozen=True, tag=True):
    """The first thing a process says, once it is confined."""


class Request(Struct, frozen=True, tag=True):
    task: str
    photo: bytes
    argument: int
    seconds: int
    """Of a processor; the process is killed when it has used them."""


class Done(Struct, frozen=True, tag=True):
    result: msgspec.Raw


class Rejected(Struct, frozen=True, tag=True):
    """The photo is at fault: the name of a PhotoRejected, and its megapixels if it has too many."""

    error: str
    megapixels: float = 0


class Exhausted(Struct, frozen=True, tag=True):
    """The photo needs more memory than there is."""


class Broken(Struct, frozen=True, tag=True):
    """The code is at fault: the name of the exception and where it was raised, never its text."""

    error: str
    places: list[str]


Answer = Ready | Done | Rejected | Exhausted | Broken

_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


class Silence(Exception):
    """The other side went away, or said what cannot be understood."""


def send(connection: socket.socket, message: Request | Answer, *, until: float | None = None) -> None:
    """Raises TimeoutError when the monotonic clock shows `until`, and Silence."""
    encoded = _encoder.encode(message)
    try:
        connection.settimeout(_left(until))
        connection.sendall(_LENGTH.pack(len(encoded)))
        connection.settimeout(_left(until))
        connection.sendall(encoded)
    except ConnectionError as error:
        raise Silence from error


def receive_request(connection: socket.socket) -> Request:
    """Waits as long as it takes. Raises Silence."""
    return _requests.decode(_receive(connection, None))


def receive_answer(connection: socket.socket, *, until: float) -> Answer:
    """Raises TimeoutError when the monotonic clock shows `until`, and Silence."""
    try:
        return _answers.decode(_receive(connection, until))
    except msgspec.DecodeError as error:
        raise Silence from error


def _receive(connection: socket.socket, until: float | None) -> bytearray:
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, until))
    if length > LARGEST:
        raise Silence
    return _exactly(connection, length, until)


def _exactly(connection: socket.socket, length: int, until: float | None) -> bytearray:
    content = bytearray(length)
    view = memoryview(content)
    while view:
        connection.settimeout(_left(until))
        try:
            received = connection.recv_into(view)
        except ConnectionError as error:
            raise Silence from error
        if not received:
            raise Silence
        view = view[received:]
    return content


def _left(until: float | None) -> float | None:
    """Seconds, None for no limit. Raises TimeoutError when there are none."""
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
