"""What can be wrong with clients' programs: their keys, and the addresses that are called."""

from collections.abc import Mapping
from typing import Final

from application.api_keys import KeyShownBefore, TooManyApiKeys
from application.ports import LinkRefused
from application.webhooks import TooManyEndpoints
from interfaces.rest.errors.answer import Answer
from interfaces.rest.errors.faults import ScopeMissing, SessionNeeded

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
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
}
