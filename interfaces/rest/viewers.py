"""Who looks at a picture: its owner, or whoever was given a signed link to it."""

from typing import Any, Final
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from msgspec import Struct

from infrastructure.delivering.signed_links import LinkInvalid, SignedLinks

SIGNED: Final = {"signed": True}
"""`opt=SIGNED` marks a route that a signed link opens, too."""
ONLY_SIGNED: Final = {**SIGNED, "only_signed": True}
"""`opt=ONLY_SIGNED` marks one that nothing else opens."""
PARAMETER: Final = "signature"

Connection = ASGIConnection[Any, Any, Any, Any]


class LinkHolder(Struct, frozen=True):
    """Somebody with a signed link to what they ask for, and to nothing else."""

    seconds: int
    """For which the link is still good."""


class Viewer(Struct, frozen=True):
    user_id: UUID | None
    """Whose pictures may be seen; None when a signed link tells which."""
    seconds: int = 0
    """For which the link is still good."""

    def headers(self, private: str) -> dict[str, str]:
        """How the answer may be kept: `private` for its owner, by anybody as long as a signed link is good.

        What a link leads to may be shown by any page, which is what links are given out for.
        """
        if self.user_id:
            return {"Cache-Control": private}
        return {
            "Cache-Control": f"public, max-age={self.seconds}, immutable",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }


def link_holder(connection: Connection) -> LinkHolder:
    """Whoever asks with a signature. Raises LinkInvalid or LinkExpired."""
    links: SignedLinks = connection.app.state.signed_links
    query = connection.query_params
    given = list(query.multi_items())
    asked = dict(given)
    if len(asked) != len(given):  # which of two was signed?
        raise LinkInvalid
    return LinkHolder(links.check(connection.url.path, asked))


def viewer(request: Request[Any, Any, State]) -> Viewer:
    """For handlers that ask for it."""
    match request.user:
        case LinkHolder(seconds=seconds):
            return Viewer(None, seconds)
        case user:
            return Viewer(user.user_id)
