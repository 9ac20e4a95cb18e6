"""Examines everything: the list of all checks. A new one is a function and a line here."""

from collections.abc import Mapping, Sequence

from infrastructure.doctor import following, ledgers, outcomes, parts, payments, work
from infrastructure.doctor.findings import Check, Finding, Severity
from infrastructure.reactions.failure import described
from infrastructure.wiring import Container

CHECKS: Mapping[str, Check] = {
    "parts": parts.parts,
    "followers": following.followers,
    "held_back": following.held_back,
    "parked_events": following.parked_events,
    "rebuilds": following.unfinished_rebuilds,
    "reactions": work.reactions,
    "photos": outcomes.photos,
    "webhooks": outcomes.webhooks,
    "oldest_job": work.oldest_job,
    "oldest_hold": work.oldest_hold,
    "ledgers": ledgers.balances,
    "unanchored": ledgers.unanchored,
    "unhandled_messages": payments.unhandled,
    "reconciliation": payments.last_reconciliation,
    "paid_by_nobody": payments.paid_by_nobody,
}


def examine(container: Container, checks: Mapping[str, Check] = CHECKS) -> list[Finding]:
    """What all checks find; one that cannot be made is a finding itself."""
    found: list[Finding] = []
    for name, check in checks.items():
        try:
            found += check(container)
        except Exception as error:  # noqa: BLE001 - the others are made all the same
            says = f"{name} could not be examined"
            found.append(Finding(name, Severity.FAILED, says, {"error": described(error)}))
    return found


def worst(found: Sequence[Finding]) -> Severity:
    order = list(Severity)
    return max((finding.severity for finding in found), key=order.index, default=Severity.OK)
