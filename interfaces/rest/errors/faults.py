"""What can be wrong with a request itself, before any use case hears of it."""

from dataclasses import dataclass
from uuid import UUID

from msgspec import Struct


class FieldProblem(Struct, frozen=True):
    """One field that cannot be taken as it is."""

    field: str
    """Where: `brief.preset`, `photos[2].upload_id`, or a parameter's or header's name."""
    problem: str


class RequestFault(Exception):
    """The request cannot be served as it was sent. Subclasses are named for what is wrong."""


class MalformedJson(RequestFault):
    """The body is not JSON."""


class MalformedRequest(RequestFault):
    """The body is not what its Content-Type says, or a header cannot be read."""


@dataclass
class UnsupportedContentType(RequestFault):
    expected: str


class UnsupportedContentEncoding(RequestFault):
    """The body is packed."""


@dataclass
class BodyTooLarge(RequestFault):
    limit: int
    """In bytes."""


class ValidationFailed(RequestFault):
    """Readable, but some fields are missing, unknown or of the wrong kind."""

    def __init__(self, errors: list[FieldProblem]) -> None:
        super().__init__(errors)
        self.errors = errors


class CursorInvalid(RequestFault):
    """Not a cursor that this list gave out."""


class IdempotencyConflict(RequestFault):
    """The Idempotency-Key was used for another request to the same address."""


class RequestInProgress(RequestFault):
    """The same request was sent before, and its answer takes longer than anybody waits for it."""


class IfMatchInvalid(RequestFault):
    """The If-Match header is not a list of ETags."""


@dataclass
class TooManyStreams(RequestFault):
    limit: int
    """How many a user may have open at once."""


@dataclass
class RateLimited(RequestFault):
    limit: int
    """Requests of this kind a minute."""
    retry_after: int
    """Seconds until one more is answered."""


@dataclass
class RangeNotSatisfiable(RequestFault):
    size: int
    """Of the whole, in bytes."""


class NotSignedIn(RequestFault):
    """No session, or one that is over."""


class ApiKeyRefused(NotSignedIn):
    """An API key that is not known, or not any more."""


@dataclass
class RoleMissing(RequestFault):
    role: str
    """What only those may do who have it."""


@dataclass
class ScopeMissing(RequestFault):
    scope: str
    """What the API key lacks."""


class SessionNeeded(RequestFault):
    """No API key may do this, whatever its scopes."""


@dataclass
class ReactionNotDead(RequestFault):
    found: str
    """The state that it is in."""


class CsrfRejected(RequestFault):
    """A browser sent its cookie from somebody else's page."""


class RouteNotFound(RequestFault):
    """Nothing is at this address."""


class RoleHidden(RouteNotFound):
    """Nothing is at this address for whoever lacks its role."""


@dataclass
class MethodNotAllowed(RequestFault):
    allowed: str
    """The methods that the address knows, as the Allow header has them."""


@dataclass
class NotAltered(RequestFault):
    preset: str
    """It adds and removes nothing, so there is nothing to disclose."""


@dataclass
class JobNotReady(RequestFault):
    job_id: UUID


class ReadModelBehind(RequestFault):
    """What was asked for is recorded, but not yet to be read."""


@dataclass
class PositionUnknown(RequestFault):
    position: int
    """Beyond the end of the log."""


class Busy(RequestFault):
    """Others have all the hands or places there are, and had them for as long as anybody waits."""


class BodyTooSlow(RequestFault):
    """The body arrives so slowly that it would keep its place from others."""


class Unavailable(RequestFault):
    """A part that the request needs is away."""


class Disconnected(RequestFault):
    """The client went away before it was answered; nobody reads this."""


class Unexpected(RequestFault):
    """Something broke that should not have."""
