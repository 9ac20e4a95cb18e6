"""The security log: what was refused, and all that may be kept of who asked for it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from infrastructure.postgres.database import Database


class Refused(StrEnum):
    """What was refused. The table takes no other."""

    SIGN_IN = "sign_in"
    """Address and password do not belong together."""
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    """Somebody who is signed in gave another password than theirs."""
    SUSPENDED = "suspended"
    """The right password of a suspended account."""
    MAILED_TOKEN = "mailed_token"  # noqa: S105 - the name of a kind
    """A mailed token is unknown, was used before or is too old."""
    API_KEY = "api_key"
    """An API key that is unknown or has ended."""
    ROLE = "role"
    """A user without the role that it takes."""
    SCOPE = "scope"
    """An API key without the scope that it takes, or where none will do."""
    PAGE = "page"
    """A session's cookie, sent from somebody else's page."""
    LINK = "link"
    """A link to a picture that we did not sign as it is."""
    WEBHOOK = "webhook"
    """A message in Stripe's name that Stripe did not sign, or signed at another time."""
    RATE = "rate"
    """More requests than are answered in a minute."""


class Refusal(Struct, frozen=True):
    """What was refused to whom: never an address, a password or a key, in whatever form they were sent."""

    kind: Refused
    route: str | None = None
    """Method and address, without its values."""
    network: str | None = None
    """Of the address that it came from, in CIDR notation."""
    claim_id: UUID | None = None
    """Of the e-mail address that it was about, as domain.email_claim makes it."""
    user_id: UUID | None = None
    """Who was signed in."""


class Entry(Struct, frozen=True):
    refusal: Refusal
    times: int
    request_id: str | None
    """Of the first."""


_WRITE: Final = """
    INSERT INTO stage.security_log (kind, times, route, network, claim_id, user_id, request_id)
    SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::cidr[], %s::uuid[], %s::uuid[], %s::text[])
"""


class PostgresSecurityLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, entries: Sequence[Entry]) -> None:
        """Add them, all or none."""
        rows = [
            (
                entry.refusal.kind.value,
                entry.times,
                entry.refusal.route,
                entry.refusal.network,
                entry.refusal.claim_id,
                entry.refusal.user_id,
                entry.request_id,
            )
            for entry in entries
        ]
        self._database.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
