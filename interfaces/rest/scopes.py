"""What API keys may do: the scope that each route takes of a key; without one no key opens it."""

import re
from functools import cache
from typing import Final

from application.api_keys import KeyScope
from interfaces.rest.addresses import API

_SCOPES: Final = (
    (re.compile(r"GET /(jobs(/.*)?|dashboard)"), KeyScope.JOBS_READ),
    (re.compile(r"\w+ /(jobs|uploads)(/.*)?"), KeyScope.JOBS_WRITE),
    (re.compile(r"GET /billing/.*"), KeyScope.BILLING_READ),
    (re.compile(r"\w+ /me/webhooks(/.*)?"), KeyScope.WEBHOOKS),
    (re.compile(r"GET /me"), KeyScope.PROFILE_READ),
    (re.compile(r"GET /audit/.*"), KeyScope.AUDIT_READ),
)


@cache
def scope(method: str, path: str) -> KeyScope | None:
    """Of a route, by its method and its path with the names of its parameters; None if it takes a session."""
    asked = f"{method} {path.removeprefix(API)}"
    return next((scope for routes, scope in _SCOPES if routes.fullmatch(asked)), None)
