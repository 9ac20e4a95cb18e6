"""The one table of everything that can go wrong, and how each is told to clients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eventsourcing.persistence import OperationalError as EventStoreAway
from obstore.exceptions import GenericError as ObjectStoreFailed
from psycopg import OperationalError
from redis import RedisError

from application.api_keys import KeyShownBefore, TooManyApiKeys
from application.errors import (
    AccountSuspended,
    ConcurrentChange,
    NotFound,
    PasswordTooWeak,
    PasswordWrong,
    PhotoNotArrived,
    PictureNotFound,
    PictureRemoved,
    PresetUnavailable,
    SessionOver,
    SignInRefused,
    TokenInvalid,
    UnknownTimeZone,
    UploadAlreadyUsed,
    UploadExpired,
    UploadNotFound,
    VersionMismatch,
)
from application.payments import (
    NothingBought,
    NoticeOfOtherMode,
    NoticeOutOfTime,
    NoticeRejected,
    NoticeUnreadable,
    OfferUnavailable,
    PaymentsAway,
    SignatureInvalid,
)
from application.photos import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoHasTooManyPixels,
    PhotoTooLarge,
    PhotoTooLong,
    PhotoUnreadable,
    PhotoUnsupported,
)
from application.ports import LinkRefused
from application.purchases import CheckoutOver, ReturnPathRefused
from application.stagers import RetryLater
from application.webhooks import TooManyEndpoints
from domain.brief import PromptNeeded, PromptTooLong
from domain.credit_errors import (
    DisputeNotFound,
    HoldNotFound,
    InsufficientCredits,
    NotACreditAmount,
    NotAPayment,
    PurchaseLotNotFound,
    ReasonNeeded,
    ReversalNotFound,
)
from domain.email_claim import AddressMalformed, AddressTaken, TrialAlreadyUsed
from domain.errors import Conflict
from domain.job_errors import (
    GroupNameTooLong,
    JobAlreadyEnded,
    JobNotEnded,
    LinkGivenTwice,
    NothingToRetry,
    PhotoGivenTwice,
    PhotoNotInJob,
    PhotoNotStaged,
    WrongNumberOfPhotos,
)
from domain.lineage import TooManyVariations
from domain.offers import OfferUnknown, QuantityOutOfRange
from domain.pictures import OriginalsRemoved
from domain.purchase import NotPaid
from domain.user import NameTooLong
from infrastructure.delivering.signed_links import LinkExpired, LinkInvalid
from infrastructure.event_store.keyring import KeyDestroyed
from infrastructure.imaging.sandbox.sandbox import SandboxBusy, SandboxClosed
from infrastructure.payments.sandbox_till import SandboxRefused
from interfaces.rest.faults import (
    ApiKeyRefused,
    BodyTooLarge,
    BodyTooSlow,
    Busy,
    CsrfRejected,
    CursorInvalid,
    Disconnected,
    IdempotencyConflict,
    IfMatchInvalid,
    JobNotReady,
    MalformedJson,
    MalformedRequest,
    MethodNotAllowed,
    NotAltered,
    NotSignedIn,
    PositionUnknown,
    RangeNotSatisfiable,
    RateLimited,
    ReactionNotDead,
    ReadModelBehind,
    RequestInProgress,
    RoleHidden,
    RoleMissing,
    RouteNotFound,
    ScopeMissing,
    SessionNeeded,
    TooManyStreams,
    Unavailable,
    Unexpected,
    UnsupportedContentEncoding,
    UnsupportedContentType,
    ValidationFailed,
)

_ID: Final = "0a6f2b52-6f0e-4f2f-9d0a-2f1f6c1f5d11"


@dataclass(frozen=True)
class Answer:
    """How an error is told."""

    status: int
    code: str
    """Stable: clients may rely on it."""
    title: str
    detail: str
    """What was wrong and what would be right; `{names}` are replaced by the error's own values."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Attributes of the error that the answer carries, each with an example for the documentation."""
    headers: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What the error calls a value that the answer must call otherwise: `status` is the HTTP status."""


_RETRY: Final = {"Retry-After": "1"}
_SIGN_IN: Final = {"WWW-Authenticate": 'Bearer realm="stage in seconds"'}
_NOT_SIGNED_IN: Final = Answer(
    401,
    "not_signed_in",
    "Not signed in",
    "Sign in, and send the session's token as `Authorization: Bearer …` or as the cookie.",
    headers=_SIGN_IN,
)
_NOT_FOUND: Final = Answer(404, "not_found", "Not found", "There is nothing at this address.")

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    # The request itself
    MalformedJson: Answer(400, "malformed_json", "Not JSON", "The body must be one JSON object in UTF-8."),
    MalformedRequest: Answer(
        400,
        "malformed_request",
        "Not readable",
        "The body is cut off or not what its Content-Type says, or a header cannot be read.",
    ),
    UnsupportedContentType: Answer(
        415,
        "unsupported_content_type",
        "Wrong Content-Type",
        "This address takes a body of Content-Type {expected}.",
        {"expected": "application/json"},
    ),
    UnsupportedContentEncoding: Answer(
        415,
        "unsupported_content_encoding",
        "Packed body",
        "Bodies are taken as they are: send this one without Content-Encoding.",
        headers={"Accept-Encoding": "identity"},
    ),
    BodyTooLarge: Answer(
        413, "body_too_large", "Too large", "The body may have {limit} bytes at the most.", {"limit": 100_000}
    ),
    BodyTooSlow: Answer(
        408,
        "body_too_slow",
        "Too slow",
        "The body did not arrive in time; send it again, over a better connection.",
    ),
    ValidationFailed: Answer(
        422,
        "validation_failed",
        "Not acceptable as it is",
        "Some fields are missing, unknown or of the wrong kind; `errors` names each.",
        {"errors": [{"field": "brief.preset", "problem": "Invalid enum value 'sparkle'"}]},
    ),
    CursorInvalid: Answer(
        422,
        "cursor_invalid",
        "Unknown cursor",
        "Use `next_cursor` of the page before, or none for the newest.",
    ),
    RouteNotFound: _NOT_FOUND,
    RoleHidden: _NOT_FOUND,
    MethodNotAllowed: Answer(
        405, "method_not_allowed", "Method not allowed", "This address takes {allowed}.", {"allowed": "GET"}
    ),
    IdempotencyConflict: Answer(
        409,
        "idempotency_conflict",
        "Key used before",
        "This Idempotency-Key was sent with another content before; use a new one for a new request.",
    ),
    RequestInProgress: Answer(
        409,
        "request_in_progress",
        "Still in progress",
        "The same request is still being answered; send it again in a moment.",
        headers=_RETRY,
    ),
    IfMatchInvalid: Answer(
        400,
        "if_match_invalid",
        "Not an If-Match",
        'If-Match takes the ETag of what you have seen, in its quotes, such as "7.0", or *.',
    ),
    RangeNotSatisfiable: Answer(
        416,
        "range_not_satisfiable",
        "No such range",
        "There are {size} bytes; ask for some of those.",
        {"size": 120_000},
    ),
    RateLimited: Answer(
        429,
        "rate_limited",
        "Too many requests",
        "{limit} requests of this kind are answered a minute; come back in {retry_after} seconds.",
        {"limit": 300, "retry_after": 12},
    ),
    TooManyStreams: Answer(
        429,
        "too_many_streams",
        "Too many streams",
        "{limit} streams of events may be open at once; close one.",
        {"limit": 20},
        headers={"Retry-After": "5"},
    ),
    Disconnected: Answer(400, "disconnected", "Disconnected", "The request did not arrive whole."),
    # Who asks
    NotSignedIn: _NOT_SIGNED_IN,
    ApiKeyRefused: _NOT_SIGNED_IN,
    SessionOver: Answer(401, "session_over", "Session over", "Sign in again.", headers=_SIGN_IN),
    SignInRefused: Answer(
        401,
        "sign_in_refused",
        "Sign-in refused",
        "This address and this password do not belong together.",
        headers=_SIGN_IN,
    ),
    AccountSuspended: Answer(
        403, "account_suspended", "Account suspended", "This account cannot be used now."
    ),
    RoleMissing: Answer(
        403, "role_missing", "Not yours to do", "This takes the role {role}.", {"role": "operator"}
    ),
    ScopeMissing: Answer(
        403,
        "scope_missing",
        "Not within the key's scopes",
        "This takes an API key with the scope {scope}.",
        {"scope": "jobs:write"},
    ),
    SessionNeeded: Answer(
        403,
        "session_needed",
        "Not with an API key",
        "No API key may do this: sign in, and send the session's token.",
    ),
    ReactionNotDead: Answer(
        409,
        "reaction_not_dead",
        "Not given up",
        "Only a dead reaction can be begun again; this one is {found}.",
        {"found": "done"},
    ),
    CsrfRejected: Answer(
        403,
        "csrf_rejected",
        "Not from our pages",
        "A request with the session's cookie must come from the app itself: its Origin is not known here.",
    ),
    # Accounts
    AddressMalformed: Answer(
        422, "address_malformed", "Not an e-mail address", "Give an address such as name@example.com."
    ),
    AddressTaken: Answer(
        409, "address_taken", "Address taken", "There is an account with this mailbox; sign in instead."
    ),
    TrialAlreadyUsed: Answer(
        409, "trial_already_used", "Trial used", "This mailbox had its free credits already."
    ),
    PasswordTooWeak: Answer(
        422,
        "password_too_weak",
        "Password too weak",
        "A password has {shortest} to {longest} characters.",
        {"shortest": 10, "longest": 200},
    ),
    PasswordWrong: Answer(
        403, "password_wrong", "Not your password", "`current_password` is not the password of this account."
    ),
    NameTooLong: Answer(
        422,
        "name_too_long",
        "Name too long",
        "A name has {limit} characters at the most, this one {length}.",
        {"length": 120, "limit": 100},
    ),
    UnknownTimeZone: Answer(
        422, "unknown_time_zone", "Unknown time zone", "Use an IANA name such as Europe/Paris or UTC."
    ),
    TokenInvalid: Answer(
        403,
        "token_invalid",
        "Link not valid",
        "The link was used already, is too old or incomplete; ask for another mail.",
    ),
    # Photos coming in
    PhotoEmpty: Answer(422, "photo_empty", "Empty file", "The file has no bytes; send it again."),
    PhotoTooLarge: Answer(
        413, "photo_too_large", "Photo too large", "A photo may have 15 MB (15,000,000 bytes) at the most."
    ),
    PhotoUnsupported: Answer(
        415, "photo_unsupported", "Not a photo we take", "Send JPEG, PNG, WebP, HEIC or HEIF."
    ),
    PhotoUnreadable: Answer(
        422,
        "photo_unreadable",
        "Damaged photo",
        "The file cannot be read to its end: it is damaged, cut off or coded in a rare way. Send the original "
        "again, or save it anew as JPEG.",
    ),
    PhotoAnimated: Answer(
        422,
        "photo_animated",
        "More than one picture",
        "The file is animated or holds several pictures; send a still one by itself.",
    ),
    PhotoTooLong: Answer(
        422,
        "photo_too_long",
        "Photo too long",
        "A side of a photo may have {limit} pixels at the most.",
        {"limit": 65_500},
    ),
    PhotoHasTooManyPixels: Answer(
        422,
        "photo_has_too_many_pixels",
        "Too many pixels",
        "A photo may have {limit} megapixels at the most, this one has {megapixels:.10g}.",
        {"megapixels": 72.5, "limit": 60},
    ),
    UploadNotFound: Answer(
        404,
        "upload_not_found",
        "No such upload",
        "There is no upload {upload_id} of yours; send its photo again.",
        {"upload_id": _ID},
    ),
    PhotoNotArrived: Answer(
        409,
        "photo_not_arrived",
        "Photo not there",
        "Nothing was put where the upload {upload_id} was to go, or it was completed too late.",
        {"upload_id": _ID},
    ),
    UploadAlreadyUsed: Answer(
        409,
        "upload_already_used",
        "Upload used",
        "The upload {upload_id} belongs to a job already; send its photo again for another.",
        {"upload_id": _ID},
    ),
    UploadExpired: Answer(
        409,
        "upload_expired",
        "Upload expired",
        "The upload {upload_id} was not used in time; send its photo again.",
        {"upload_id": _ID},
    ),
    # Jobs
    WrongNumberOfPhotos: Answer(
        422,
        "wrong_number_of_photos",
        "Wrong number of photos",
        "A job has 1 to {limit} photos, this one {count}.",
        {"count": 31, "limit": 30},
    ),
    PhotoGivenTwice: Answer(
        422,
        "photo_given_twice",
        "Photo given twice",
        "The upload {upload_id} is in the job twice.",
        {"upload_id": _ID},
    ),
    LinkGivenTwice: Answer(
        422,
        "link_given_twice",
        "Link given twice",
        "Photo {number} of the job has the link of an earlier one.",
        {"number": 2},
    ),
    TooManyVariations: Answer(
        409,
        "too_many_variations",
        "Too many variations",
        "A photo can be given {limit} new briefs; {photo_id} has had them all.",
        {"photo_id": _ID, "limit": 4},
    ),
    PhotoNotStaged: Answer(
        409, "photo_not_staged", "Not staged", "The photo {photo_id} has no result.", {"photo_id": _ID}
    ),
    PromptTooLong: Answer(
        422,
        "prompt_too_long",
        "Prompt too long",
        "A prompt has {limit} characters at the most, this one {length}.",
        {"length": 501, "limit": 500},
    ),
    PromptNeeded: Answer(
        422, "prompt_needed", "Prompt needed", "The custom preset does what its prompt says: give one."
    ),
    GroupNameTooLong: Answer(
        422,
        "group_name_too_long",
        "Group name too long",
        "A group name has {limit} characters at the most, this one {length}.",
        {"length": 150, "limit": 140},
    ),
    PresetUnavailable: Answer(
        422,
        "preset_unavailable",
        "Preset not available",
        "{preset} cannot be done here now; GET /presets tells what can.",
        {"preset": "stage", "available": ["enhance"]},
    ),
    InsufficientCredits: Answer(
        402,
        "insufficient_credits",
        "Not enough credits",
        "Credits needed: {needed}, available: {available}, owed and repaid first: {debt}.",
        {"needed": 5, "available": 3, "debt": 0},
    ),
    JobAlreadyEnded: Answer(
        409,
        "job_already_ended",
        "Job ended",
        "The job is {job_status} already.",
        {"job_status": "completed"},
        attributes={"job_status": "status"},
    ),
    JobNotEnded: Answer(
        409,
        "job_not_ended",
        "Job still going",
        "The job is {job_status}; wait until it has ended, or cancel it.",
        {"job_status": "processing"},
        attributes={"job_status": "status"},
    ),
    NothingToRetry: Answer(
        409,
        "nothing_to_retry",
        "Nothing to try again",
        "No photo of the job {job_id} failed.",
        {"job_id": _ID},
    ),
    OriginalsRemoved: Answer(
        409,
        "originals_removed",
        "Originals gone",
        "The originals of the job {job_id} are no longer kept; send the photos again.",
        {"job_id": _ID},
    ),
    JobNotReady: Answer(
        409,
        "job_not_ready",
        "Nothing to download yet",
        "No photo of the job {job_id} is staged yet.",
        {"job_id": _ID},
    ),
    LinkRefused: Answer(
        422,
        "link_refused",
        "Not an address that is called",
        "Give an https address of a public server, without a port or user name.",
    ),
    TooManyApiKeys: Answer(
        409,
        "too_many_api_keys",
        "Too many API keys",
        "There can be {limit} API keys; revoke one first.",
        {"limit": 20},
    ),
    KeyShownBefore: Answer(
        409,
        "key_shown_before",
        "Shown before",
        "This API key was created and shown more than a day ago; create another one, under another Idempotency-Key.",
    ),
    TooManyEndpoints: Answer(
        409,
        "too_many_endpoints",
        "Too many webhooks",
        "There can be {limit} webhooks; remove one first.",
        {"limit": 5},
    ),
    NotAltered: Answer(
        409,
        "not_altered",
        "Not altered",
        "{preset} adds and removes nothing, so there is nothing to disclose.",
        {"preset": "enhance"},
    ),
    LinkInvalid: Answer(
        403, "link_invalid", "Not a link of ours", "The link is incomplete or was changed; ask for another."
    ),
    LinkExpired: Answer(403, "link_expired", "Link expired", "The link's time is over; ask for another."),
    NotFound: Answer(404, "not_found", "Not found", "There is no such thing, or it is not yours."),
    PhotoNotInJob: Answer(
        404, "photo_not_in_job", "No such photo", "The job has no photo {photo_id}.", {"photo_id": _ID}
    ),
    PictureNotFound: Answer(404, "picture_not_found", "Picture gone", "This picture is not to be found."),
    PictureRemoved: Answer(
        410,
        "picture_removed",
        "Picture removed",
        "Pictures are kept for a while after their job; this one was removed at {removed_at}.",
        {"removed_at": "2027-05-04T10:00:00Z"},
    ),
    # Credits
    NotACreditAmount: Answer(
        422, "not_a_credit_amount", "Not an amount", "Credits are whole numbers above zero."
    ),
    HoldNotFound: Answer(
        404, "hold_not_found", "No such hold", "No credits are held for the job {job_id}.", {"job_id": _ID}
    ),
    NotAPayment: Answer(422, "not_a_payment", "Not a payment", "Amounts of money are above zero."),
    ReasonNeeded: Answer(
        422,
        "reason_needed",
        "Reason needed",
        "Say why, in 1 to {limit} characters; this has {length}.",
        {"length": 0, "limit": 200},
    ),
    PurchaseLotNotFound: Answer(
        404, "purchase_lot_not_found", "No such purchase", "No lot {lot_id} was bought.", {"lot_id": _ID}
    ),
    ReversalNotFound: Answer(
        404,
        "reversal_not_found",
        "No such reversal",
        "Nothing was reversed because of {reversal_id}.",
        {"reversal_id": "re_1"},
    ),
    DisputeNotFound: Answer(
        404,
        "dispute_not_found",
        "No such dispute",
        "Nothing was frozen because of {dispute_id}.",
        {"dispute_id": "dp_1"},
    ),
    # Purchases
    OfferUnknown: Answer(
        422,
        "offer_unknown",
        "No such offer",
        "There is no offer {offer}; GET /billing/offers lists them.",
        {"offer": "PACK_7_CREDITS"},
    ),
    QuantityOutOfRange: Answer(
        422,
        "quantity_out_of_range",
        "Too few or too many",
        "The quantity is {smallest} to {largest}.",
        {"smallest": 1, "largest": 500},
    ),
    ReturnPathRefused: Answer(
        422,
        "return_path_refused",
        "Not a path of this site",
        "`return_path` begins with one slash and has only characters of an address, such as /billing.",
    ),
    OfferUnavailable: Answer(
        503,
        "offer_unavailable",
        "Not for sale now",
        "The offer {offer} cannot be sold at the moment.",
        {"offer": "PACK_20_CREDITS"},
    ),
    CheckoutOver: Answer(
        409, "checkout_over", "Begun too long ago", "This checkout cannot be paid any more; begin a new one."
    ),
    NothingBought: Answer(
        409, "nothing_bought", "Nothing bought yet", "There is nothing to manage before the first purchase."
    ),
    NotPaid: Answer(409, "not_paid", "Not paid", "This purchase was never paid."),
    PaymentsAway: Answer(
        503,
        "payments_away",
        "Payment provider away",
        "The payment provider does not answer; try again in a moment.",
        headers=_RETRY,
    ),
    SandboxRefused: Answer(
        409, "sandbox_refused", "Cannot happen now", "As this payment stands, that cannot happen to it."
    ),
    NoticeRejected: Answer(400, "notice_rejected", "Not taken", "This message is not taken."),
    SignatureInvalid: Answer(
        400,
        "signature_invalid",
        "Wrong signature",
        "Stripe-Signature is missing, or none of our secrets made it.",
    ),
    NoticeOutOfTime: Answer(
        400, "signature_out_of_time", "Too old or too new", "It was signed more than five minutes from now."
    ),
    NoticeUnreadable: Answer(
        400, "notice_unreadable", "Not an event", "The body is signed, but it is not a Stripe event."
    ),
    NoticeOfOtherMode: Answer(
        400,
        "notice_of_other_mode",
        "Other mode",
        "This installation does not take events whose livemode is {livemode}.",
        {"livemode": True},
    ),
    # Others at the same time
    Conflict: Answer(
        409, "conflict", "Done differently before", "The same was asked before with other content."
    ),
    ConcurrentChange: Answer(
        409,
        "concurrent_change",
        "Changed at the same time",
        "Somebody else changed the same thing at this moment; try again.",
        headers=_RETRY,
    ),
    VersionMismatch: Answer(
        412,
        "precondition_failed",
        "Changed meanwhile",
        "It is at version {actual} now, and not as If-Match says that you have seen it; look at it again.",
        {"expected": 3, "actual": 4},
    ),
    PositionUnknown: Answer(
        409,
        "position_unknown",
        "No such position",
        "Nothing was recorded at position {position} yet; send the Event-Position of an answer.",
        {"position": 999_999},
    ),
    ReadModelBehind: Answer(
        503,
        "read_model_behind",
        "Not to be read yet",
        "What was asked for is recorded, but not to be read yet; try again in a moment.",
        headers=_RETRY,
    ),
    # The machinery
    Busy: Answer(
        503,
        "busy",
        "Busy",
        "More pictures are coming in or going out than there are hands for; ask again in a moment.",
        headers={"Retry-After": "5"},
    ),
    Unavailable: Answer(
        503,
        "unavailable",
        "Unavailable",
        "A part of the service is away; try again in a moment.",
        headers=_RETRY,
    ),
    Unexpected: Answer(
        500, "internal_error", "Internal error", "Something broke on our side; `request_id` helps us find it."
    ),
}

UNAVAILABLE: Final = (
    OperationalError,
    EventStoreAway,
    ObjectStoreFailed,
    RedisError,
    RetryLater,
    SandboxBusy,
    SandboxClosed,
)
"""What is raised when a server that we talk to is away or its disk is full, or when all hands are."""


def told_as(error: Exception) -> Exception:
    """The error itself if the table knows it, or a class it derives from; else the fault it amounts to."""
    if isinstance(error, UNAVAILABLE):
        return Unavailable()
    if isinstance(error, KeyDestroyed):  # whoever asked was erased meanwhile
        return NotSignedIn()
    if any(kind in ANSWERS for kind in type(error).__mro__):
        return error
    return Unexpected()


def answer(kind: type[BaseException]) -> Answer:
    """How errors of this class, or of the nearest one it derives from, are told. Raises KeyError."""
    return next(ANSWERS[one] for one in kind.__mro__ if one in ANSWERS)
