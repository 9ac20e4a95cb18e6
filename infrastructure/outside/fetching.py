"""Photos from links: fetched as a stranger's server gives them, and never from anywhere inside."""

import ssl
from dataclasses import dataclass, field
from typing import Final

import httpcore

from application.photos import PHOTO_BYTES, PhotoTooLarge
from application.ports import LinkBroken, LinkUnreachable
from infrastructure.outside.connecting import Dial, PublicNetwork, Resolve, dial, resolve
from infrastructure.outside.links import PORT, Link, parsed

SECONDS: Final = 30.0
"""For one link with all its redirects."""
REDIRECTS: Final = 3
_REDIRECTING: Final = frozenset({301, 302, 303, 307, 308})
_TOO_EARLY: Final = frozenset({408, 425, 429})
"""Of the statuses that blame us, those that may be another one later."""
_OK, _BLAMES_US, _BLAMES_THEM = 200, 400, 500
_ASKING: Final = [("Accept", "image/*"), ("Accept-Encoding", "identity"), ("User-Agent", "StageInSeconds/1")]


@dataclass(frozen=True)
class LinkFetcher:
    """Fetches over https, port 443, from public addresses; neither cookies nor credentials go along."""

    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolve: Resolve = resolve
    dial: Dial = dial
    seconds: float = SECONDS

    def fetch(self, url: str) -> bytes:
        """What lies there, PHOTO_BYTES at the most.

        Raises LinkRefused, LinkBroken, LinkUnreachable or PhotoTooLarge.
        """
        link = parsed(url)
        network = PublicNetwork(self.seconds, resolve=self.resolve, dial=self.dial)
        for _ in range(REDIRECTS + 1):
            found = self._asked(network, link)
            if isinstance(found, bytes):
                return found
            link = found
        raise LinkBroken("redirects")

    def _asked(self, network: PublicNetwork, link: Link) -> bytes | Link:
        """The photo, or where it is instead."""
        url = httpcore.URL(scheme=b"https", host=link.host.encode(), port=PORT, target=link.target.encode())
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self.tls, network_backend=network) as pool,
                pool.stream("GET", url, headers=_ASKING) as response,
            ):
                if response.status in _REDIRECTING:
                    return link.leads_to(_header(response, b"location"))
                _check(response.status)
                return _content(response)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise LinkUnreachable from error


def _check(status: int) -> None:
    if status >= _BLAMES_THEM or status in _TOO_EARLY:
        raise LinkUnreachable
    if status != _OK:
        raise LinkBroken("status")


def _content(response: httpcore.Response) -> bytes:
    """As much as a photo may have, and not a piece more."""
    announced = _header(response, b"content-length")
    if announced.isdecimal() and int(announced) > PHOTO_BYTES:
        raise PhotoTooLarge
    content = bytearray()
    for piece in response.iter_stream():
        content += piece
        if len(content) > PHOTO_BYTES:
            raise PhotoTooLarge
    return bytes(content)


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")
