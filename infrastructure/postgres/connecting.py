"""How every connection to the database is made: no network that swallows packets keeps anybody waiting for long."""

from collections.abc import Iterable
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

RECONNECTION: Final = 1.0
"""Seconds for which a pool tries to connect before it begins anew. Its pauses double from one second on: left
alone, it would be away after an outage for as long again."""

_LIMITS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""In libpq's units: milliseconds for the last, seconds for the others. A peer that is gone without a word is
noticed after some ten seconds, where the operating system would take a quarter of an hour."""


def bounded(url: str, **more: Any) -> str:
    """The address with limits to how long it may be silent; what the address says itself holds."""
    return make_conninfo(**{**_LIMITS, **conninfo_to_dict(url), **more})


def array(values: Iterable[object]) -> str:
    """As PostgreSQL reads an array of what needs no quotes; from a list the driver takes ten times as long."""
    return f"{{{','.join(map(str, values))}}}"
