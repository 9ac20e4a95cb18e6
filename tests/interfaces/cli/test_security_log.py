"""`stage security-log`: what was refused lately, as operators read it."""

import json

from domain.email_claim import claim_id
from domain.personal import Personal
from infrastructure import settings, wiring
from infrastructure.records.security_log import Entry, Refusal, Refused
from tests.interfaces.cli.running import stage
from tests.interfaces.cli.test_operating import environment  # noqa: F401 - a fixture


def test_what_was_refused_is_listed_the_latest_first(environment: dict[str, str]) -> None:  # noqa: F811
    container = wiring.build(settings.load(environment))
    container.open()
    about = claim_id(Personal("ada@example.com"), container.settings.claim_key_bytes)
    empty = stage(environment, "security-log")
    container.security_log.write(
        [
            Entry(Refusal(Refused.SIGN_IN, "POST /api/v1/auth/sign-in", "203.0.113.0/24", about), 4, "r-1"),
            Entry(Refusal(Refused.WEBHOOK, "POST /api/v1/webhooks/stripe"), 1, "r-2"),
        ]
    )
    container.close()

    told = stage(environment, "security-log", "--json")
    latest = stage(environment, "security-log", "--limit", "1", "--json")
    hers = stage(environment, "security-log", "--email", "Ada+work@example.com")
    webhooks = stage(environment, "security-log", "--kind", "webhook", "--json")
    wrong = stage(environment, "security-log", "--email", "ada")

    assert empty.out == "Nothing was refused.\n"
    assert [(one["kind"], one["times"]) for one in json.loads(told.out)] == [("webhook", 1), ("sign_in", 4)]
    assert json.loads(latest.out) == json.loads(webhooks.out) == json.loads(told.out)[:1]
    assert "203.0.113.0/24" in hers.out
    assert "webhook" not in hers.out
    assert (wrong.code, "--email takes an address" in wrong.err) == (1, True)
