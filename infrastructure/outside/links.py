"""Addresses that strangers give us to connect to, taken apart once: https, a public name, the usual port."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from application.ports import LinkRefused
from infrastructure.outside.addresses import is_public

LONGEST: Final = 2048
"""Characters; what browsers and proxies agree on."""
PORT: Final = 443

_NAME: Final = re.compile(
    r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
"""A name of the DNS with two labels or more. Its last one begins with a letter, so no part of it, and no
decimal, octal or hexadecimal spelling of an address, can be read as a number."""
_INSIDE: Final = frozenset(
    {"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion"}
)
"""Last labels of names that no public server has (RFC 6761, RFC 6762, RFC 7686, RFC 8375, ICANN's .internal)."""
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\]")
"""What programs that read URLs disagree about."""
_KEPT: Final = "/%:@!$&'()*+,;=~-._?"


@dataclass(frozen=True)
class Link:
    """Where to connect to, and what to ask for there."""

    host: str
    """A name, or a public address, in lower case and without a final dot."""
    target: str
    """Path and query, in ASCII."""

    @property
    def url(self) -> str:
        return f"https://{self._netloc}{self.target}"

    def leads_to(self, location: str) -> "Link":
        """Where a redirect from here leads. Raises LinkRefused."""
        if len(location) > LONGEST or _ODD.search(location):
            raise LinkRefused("unreadable")
        try:
            return parsed(urljoin(self.url, location))
        except ValueError:
            raise LinkRefused("unreadable") from None

    @property
    def _netloc(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parsed(url: str) -> Link:
    """The link that this text is. Raises LinkRefused for any that could lead somewhere else than it says."""
    if len(url) > LONGEST or _ODD.search(url):
        raise LinkRefused("unreadable")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise LinkRefused("unreadable") from None
    if parts.scheme != "https":
        raise LinkRefused("not_https")
    if "@" in parts.netloc:
        raise LinkRefused("user_info")
    if port not in (None, PORT):
        raise LinkRefused("port")
    target = quote(parts.path or "/", safe=_KEPT)
    if parts.query:
        target += "?" + quote(parts.query, safe=_KEPT)
    return Link(_checked(host.removesuffix(".")), target)


def _checked(host: str) -> str:
    try:
        literal = str(ip_address(host))
    except ValueError:
        if not _NAME.fullmatch(host) or host.rpartition(".")[2] in _INSIDE:
            raise LinkRefused("host") from None
        return host
    if not is_public(literal):
        raise LinkRefused("address")
    return literal
