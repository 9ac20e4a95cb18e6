"""If-Match: changing a thing only if it still is as the client has seen it (RFC 9110, 13.1.1)."""

import re
from typing import Annotated, Final

from litestar.params import HeaderParameter

from interfaces.rest.errors.faults import IfMatchInvalid

NEVER = 0
"""A version that nothing has: streams begin at 1."""

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        max_length=200,
        schema_extra={"max_length": 200, "pattern": r'^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$'},
        description="The ETag of what the client has seen; if it has changed since, nothing is done.",
    ),
]

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS: Final = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
"""One or more, with commas between them and perhaps some too many (RFC 9110, 5.6.1.2)."""
_VERSION: Final = re.compile(r'(?:W/)?"([0-9]{1,18})(?:\.[0-9]{1,18})?"')


def expected_version(if_match: str | None) -> int | None:
    """The version that an ETag of ours names; None when any will do, NEVER when it is none that we gave.

    Several may be listed, as few clients do: the newest counts. Proxies make ETags weak when they compress, and
    a weak one still names the version, so it will do. Raises IfMatchInvalid.
    """
    if if_match is None:
        return None
    if if_match.strip() == "*":
        return None
    if not _TAGS.fullmatch(if_match):
        raise IfMatchInvalid
    versions = (_VERSION.fullmatch(tag) for tag in re.findall(_TAG, if_match))
    return max((int(found[1]) for found in versions if found), default=NEVER)
