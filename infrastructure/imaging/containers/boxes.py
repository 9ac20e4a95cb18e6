"""The boxes of the ISO base media file format: read within their bounds, and written (ISO/IEC 14496-12)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from application.photos import PhotoUnreadable


class Box(NamedTuple):
    """A four-letter name and what the box holds; `begin` and `end` are the content's places in the file."""

    name: bytes
    begin: int
    end: int


def boxes_in(file: bytes, begin: int, end: int) -> Iterator[Box]:
    """The boxes one after another between two places. Raises PhotoUnreadable where they don't fit."""
    while begin < end:
        if end - begin < 8:
            raise PhotoUnreadable
        size, name = struct.unpack_from(">I4s", file, begin)
        content = begin + 8
        if size == 1 and end - content >= 8:
            (size,) = struct.unpack_from(">Q", file, content)
            content += 8
        elif size == 0:  # up to the end
            size = end - begin
        if not content <= begin + size <= end:
            raise PhotoUnreadable
        yield Box(name, content, begin + size)
        begin += size


def box(name: bytes, *contents: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, contents)), name) + b"".join(contents)


def full_box(name: bytes, version: int, flags: int, *contents: bytes) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags), *contents)


class Fields:
    """Reads numbers one after another. Raises PhotoUnreadable where the content ends."""

    def __init__(self, file: bytes, begin: int, end: int) -> None:
        self._file, self.position, self._end = file, begin, end

    def number(self, size: int) -> int:
        """An unsigned number of so many bytes; of none it is 0."""
        return int.from_bytes(self.take(size), "big")

    def take(self, size: int) -> bytes:
        begin, self.position = self.position, self.position + size
        if self.position > self._end:
            raise PhotoUnreadable
        return self._file[begin : self.position]

    def version_and_flags(self) -> tuple[int, int]:
        both = self.number(4)
        return both >> 24, both & 0xFFFFFF
