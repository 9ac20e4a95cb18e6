"""Rate limits: which requests count together, as whose, and how answers tell what is left (docs/domain.md, Rules)."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from uuid import UUID

from litestar.types import Scope

from domain.email_claim import AddressMalformed, claim_id
from domain.personal import Personal
from infrastructure.requests.rate_limits import WINDOW, Counted, RateLimits, seconds
from infrastructure.settings import Environment, Settings
from interfaces.rest.errors.faults import RateLimited

POLICY, STATE = "RateLimit-Policy", "RateLimit"
"""Headers as in the IETF's draft on rate limits for HTTP: what the limit is, and what is left of it."""

CLAIM: Final = "claim_id"
"""Where a request's state says which e-mail address it is about."""


class Lane(StrEnum):
    """Requests that are counted together."""

    SIGN_IN = "sign-in"
    JOBS = "jobs"
    UPLOADS = "uploads"
    BILLING = "billing"
    PICTURES = "pictures"
    OTHER = "other"


_LANES: Final = (
    (re.compile(r"POST /auth/(sign-in|register|password/.*)|DELETE /me"), Lane.SIGN_IN),
    (re.compile(r"POST /jobs(/\{[^/]*\}/retry)?"), Lane.JOBS),
    (re.compile(r"(POST|PUT) /uploads(/.*)?"), Lane.UPLOADS),
    (re.compile(r"(POST|PATCH|PUT|DELETE) /billing/.*"), Lane.BILLING),
    (re.compile(r"GET /jobs/\{[^/]*\}/(events|download|photos/.*)"), Lane.PICTURES),
    (re.compile(r"GET /pictures/.*"), Lane.PICTURES),
)
_LOOPBACK: Final = ("127.0.0.1", "::")  # of IPv6 the network
_KEPT_BITS: Final = {4: 24, 6: 48}
_FREE: Final = re.compile(r"\w+ (/health/.*|/webhooks/.*|/openapi.*|/metrics)|OPTIONS .*")
"""What probes ask, or a server that signs what it sends."""


@cache
def lane(method: str, path: str) -> Lane | None:
    """Of a route, by its method and its path with the names of its parameters; None if it has no limit."""
    asked = f"{method} {path}"
    if _FREE.fullmatch(asked):
        return None
    return next((lane for routes, lane in _LANES if routes.fullmatch(asked)), Lane.OTHER)


class Limits:
    """Counts requests as their user's, or as their address's where nobody is signed in."""

    def __init__(self, counts: RateLimits, settings: Settings) -> None:
        self._counts = counts
        self._claim_key = settings.claim_key_bytes
        self._developing = settings.app_env is Environment.DEVELOPMENT
        self.most: Mapping[Lane, int] = {
            Lane.SIGN_IN: settings.rate_sign_in,
            Lane.JOBS: settings.rate_jobs,
            Lane.UPLOADS: settings.rate_uploads,
            Lane.BILLING: settings.rate_billing,
            Lane.PICTURES: settings.rate_pictures,
            Lane.OTHER: settings.rate_other,
        }
        """Requests a minute."""
        self._policies = {lane: f'"{lane.value}";q={most};w={WINDOW:.0f}' for lane, most in self.most.items()}
        self._proxies = [ip_network(one) for one in settings.proxies]

    async def count(self, scope: Scope, lane: Lane, user_id: UUID | None) -> None:
        """Count this request; its answer's headers will tell. Raises RateLimited.

        While developing, everybody signs in from one machine, and is counted by e-mail address alone.
        """
        who = user_id.hex if user_id else self.address(scope)
        if not (self._developing and lane is Lane.SIGN_IN and who in _LOOPBACK):
            await self._count(scope, lane, who)

    async def count_about(self, scope: Scope, lane: Lane, about: str) -> None:
        """Count it also as one about this e-mail address, whoever asks. Raises RateLimited."""
        try:
            who = claim_id(Personal(about), self._claim_key)
        except AddressMalformed:
            return  # nobody has it
        scope.setdefault("state", {})[CLAIM] = who
        await self._count(scope, lane, who.hex)

    async def _count(self, scope: Scope, lane: Lane, who: str) -> None:
        most = self.most[lane]
        counted = await self._counts.count(f"{lane.value}:{who}", most)
        scope["rate_limit"] = [  # type: ignore[typeddict-unknown-key]  # for `headers`
            (POLICY.lower().encode(), self._policies[lane].encode()),
            (STATE.lower().encode(), _state(lane, counted)),
        ]
        if not counted.granted:
            raise RateLimited(most, seconds(counted.wait))

    def address(self, scope: Scope) -> str:
        """Whose connection it is. What proxies say is believed only of those that the settings name.

        Each proxy adds whom it talked to at the end of X-Forwarded-For; the first who is no proxy of ours is
        the client, and what stands before that could be written by anybody. Of an IPv6 address the network
        counts, as everybody has many.
        """
        client = scope.get("client")
        said = [ip for name, value in scope["headers"] if name == b"x-forwarded-for" for ip in _listed(value)]
        address = _ip(client[0]) if client else None
        while said and address is not None and any(address in proxies for proxies in self._proxies):
            address = _ip(said.pop())
        if address is None:
            return "unknown"
        if isinstance(address, IPv6Address):
            return str(IPv6Network((address, 64), strict=False).network_address)
        return str(address)

    def network(self, scope: Scope) -> str | None:
        """Where it came from, as far as may be kept: what is left out tells one of many neighbours from another."""
        if (address := _ip(self.address(scope))) is None:
            return None
        kept = _KEPT_BITS[address.version]
        return str(ip_network((address, kept), strict=False))


def headers(scope: Scope) -> Iterable[tuple[bytes, bytes]]:
    """What its answer tells of the limit that a request was counted for."""
    found: Iterable[tuple[bytes, bytes]] = scope.get("rate_limit", ())  # type: ignore[assignment]
    return found


def _state(lane: Lane, counted: Counted) -> bytes:
    return f'"{lane.value}";r={counted.remaining};t={seconds(counted.wait) if counted.wait else 0}'.encode()


def _listed(value: bytes) -> list[str]:
    return [one.strip() for one in value.decode("latin-1").split(",")]


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
