"""Connecting to servers that strangers name: the only door out to them, which opens to public addresses only.

It is the network beneath the HTTP client, so there is no request, redirect or retry that goes around it: a name
is resolved once, all that it resolves to is checked, and the connection is made to that very address.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from typing import Final

import httpcore

from application.ports import LinkRefused, LinkUnreachable
from infrastructure.outside.addresses import is_public
from infrastructure.outside.links import PORT

Resolve = Callable[[str], Sequence[str]]
"""All addresses of a name. Raises OSError."""
Dial = Callable[[str, int, float], httpcore.NetworkStream]
"""A connection to an address and a port, within so many seconds. Raises what httpcore raises."""

RESOLVING_AT_ONCE: Final = 16
_resolvers = ThreadPoolExecutor(RESOLVING_AT_ONCE, thread_name_prefix="resolve")


def resolve(host: str) -> list[str]:
    """By the system's resolver, the addresses of IPv4 first: more of our hosts can reach those."""
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[4][0]) for address in sorted(found, key=lambda one: one[0] != socket.AF_INET)]


def dial(address: str, port: int, seconds: float) -> httpcore.NetworkStream:
    """By the system's sockets."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout=seconds)


class PublicNetwork(httpcore.NetworkBackend):
    """The network for one exchange, which must be over in so many seconds, however slowly bytes drip."""

    def __init__(self, seconds: float, *, resolve: Resolve = resolve, dial: Dial = dial) -> None:
        self._until = time.monotonic() + seconds
        self._resolve = resolve
        self._dial = dial

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is stricter
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Raises LinkRefused, LinkUnreachable, or what httpcore raises."""
        if port != PORT:
            raise LinkRefused("port")
        address = self._address(host)
        return _Hurried(self._dial(address, port, left(self._until)), self._until)

    def _address(self, host: str) -> str:
        """The one to connect to. A name of which any address is not public has none."""
        if is_public(host):
            return host
        try:
            found = _resolvers.submit(self._resolve, host).result(timeout=left(self._until))
        except (OSError, UnicodeError, TooSlow) as error:
            raise LinkUnreachable from error
        if not found:
            raise LinkUnreachable
        if not all(map(is_public, found)):
            raise LinkRefused("address")
        return found[0]


class _Hurried(httpcore.NetworkStream):
    """A connection that nobody may use after the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, timeout=left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, timeout=left(self._until))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout=left(self._until))
        return _Hurried(secured, self._until)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def left(until: float) -> float:
    """Seconds until the monotonic clock shows `until`. Raises LinkUnreachable when there are none."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise LinkUnreachable
    return seconds
