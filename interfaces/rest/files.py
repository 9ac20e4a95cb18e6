"""Answers that are files: streamed, named safely, and broken off cleanly when a picture is gone."""

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar.response import Stream
from litestar.response.base import ASGIResponse

from interfaces.rest.turns import Turns

AT_ONCE: Final = 128
"""Files that a process sends at a time. One whose reader is slow takes 3 MB of memory."""
OF_ONE_USER: Final = 32
WAITING: Final = 15.0
"""Seconds at the most."""


class Downloads:
    """The files that are being sent, in turns by whose they are, whoever reads them."""

    def __init__(self) -> None:
        self._turns = Turns(AT_ONCE, each=OF_ONE_USER, patience=WAITING)

    async def begun(self, owner: UUID, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same pieces, as `begun` has them. Raises Busy."""
        return await begun(self._sent(owner, pieces))

    async def _sent(self, owner: UUID, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async with self._turns.turn(owner):
            async for piece in pieces:
                yield piece


class FileStream(Stream):
    """A stream of its own media type: the framework's takes its handler's, the same for all files."""

    def to_asgi_response(self, *positional: Any, **named: Any) -> ASGIResponse:
        return super().to_asgi_response(*positional, **{**named, "media_type": self.media_type})


async def begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first one fetched already.

    What the first piece raises is raised here, while the answer can still become a problem.
    """
    first = await anext(pieces, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return all_of_them()


def disposition(name: str, *, attachment: bool) -> str:
    """A Content-Disposition with the name for old clients and for today's (RFC 6266, 4.3; RFC 8187)."""
    kind = "attachment" if attachment else "inline"
    plain = "".join(
        character if character.isascii() and character.isprintable() and character not in '"\\%' else "_"
        for character in name
    )
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
