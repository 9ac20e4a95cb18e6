"""Answers that are files: streamed, named safely, and broken off cleanly when a picture is gone."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from litestar.response import Stream
from litestar.response.base import ASGIResponse


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
