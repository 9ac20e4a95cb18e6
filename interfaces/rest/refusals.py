"""Which errors an operator would look into: each is noted for the security log when it is told."""

from collections.abc import Mapping
from typing import Any, Final

from litestar.connection import ASGIConnection

from application.context import current
from application.errors import AccountSuspended, PasswordWrong, SignInRefused, TokenInvalid
from application.payments import NoticeOutOfTime, SignatureInvalid
from infrastructure.delivering.signed_links import LinkInvalid
from infrastructure.queries.sessions import Principal
from infrastructure.records.security_log import Refusal, Refused
from infrastructure.requests.metrics import RequestMetrics
from infrastructure.requests.refusals import Refusals
from interfaces.rest.errors.faults import (
    ApiKeyRefused,
    CsrfRejected,
    RateLimited,
    RoleHidden,
    RoleMissing,
    ScopeMissing,
    SessionNeeded,
)
from interfaces.rest.limits import CLAIM, Limits

KINDS: Final[Mapping[type[Exception], Refused]] = {
    SignInRefused: Refused.SIGN_IN,
    PasswordWrong: Refused.PASSWORD,
    AccountSuspended: Refused.SUSPENDED,
    TokenInvalid: Refused.MAILED_TOKEN,
    ApiKeyRefused: Refused.API_KEY,
    RoleMissing: Refused.ROLE,
    RoleHidden: Refused.ROLE,
    ScopeMissing: Refused.SCOPE,
    SessionNeeded: Refused.SCOPE,
    CsrfRejected: Refused.PAGE,
    LinkInvalid: Refused.LINK,
    SignatureInvalid: Refused.WEBHOOK,
    NoticeOutOfTime: Refused.WEBHOOK,
    RateLimited: Refused.RATE,
}


def note(connection: ASGIConnection[Any, Any, Any, Any], told: Exception) -> None:
    """Note it, if it is one of these. It takes as long whoever asked for what, and waits for nothing."""
    if (kind := KINDS.get(type(told))) is None:
        return
    scope, state = connection.scope, connection.app.state
    limits: Limits = state.limits
    refusals: Refusals = state.refusals
    metrics: RequestMetrics = state.metrics
    user = scope.get("user")
    refusal = Refusal(
        kind,
        route=f"{scope.get('method')} {scope.get('path_template', 'unknown')}",
        network=limits.network(scope),
        claim_id=scope["state"].get(CLAIM),
        user_id=user.user_id if isinstance(user, Principal) else None,
    )
    refusals.note(refusal, current().correlation)
    metrics.refused(kind)
