"""What keeps somebody out."""

from collections.abc import Mapping
from typing import Final

from application.errors import AccountSuspended, SessionOver, SignInRefused
from interfaces.rest.errors.answer import SIGN_IN, Answer
from interfaces.rest.errors.faults import ApiKeyRefused, CsrfRejected, NotSignedIn, RoleMissing

_NOT_SIGNED_IN: Final = Answer(
    401,
    "not_signed_in",
    "Not signed in",
    "Sign in, and send the session's token as `Authorization: Bearer …` or as the cookie.",
    headers=SIGN_IN,
)

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    NotSignedIn: _NOT_SIGNED_IN,
    ApiKeyRefused: _NOT_SIGNED_IN,
    SessionOver: Answer(401, "session_over", "Session over", "Sign in again.", headers=SIGN_IN),
    SignInRefused: Answer(
        401,
        "sign_in_refused",
        "Sign-in refused",
        "This address and this password do not belong together.",
        headers=SIGN_IN,
    ),
    AccountSuspended: Answer(
        403, "account_suspended", "Account suspended", "This account cannot be used now."
    ),
    RoleMissing: Answer(
        403, "role_missing", "Not yours to do", "This takes the role {role}.", {"role": "operator"}
    ),
    CsrfRejected: Answer(
        403,
        "csrf_rejected",
        "Not from our pages",
        "A request with the session's cookie must come from the app itself: its Origin is not known here.",
    ),
}
