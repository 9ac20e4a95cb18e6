"""`stage security-log`: what was refused lately, whence, and about which mailbox."""

from domain.email_claim import AddressMalformed, claim_id
from domain.personal import Personal
from infrastructure.queries import security_log as queries
from infrastructure.records.security_log import Refused
from interfaces.cli.errors import CommandFailed
from interfaces.cli.operating import operating
from interfaces.cli.output import AsJson, Positive, print_json, print_rows


class NotAnAddress(CommandFailed):
    def __str__(self) -> str:
        return "--email takes an address such as name@example.com"


def security_log(
    *, kind: Refused | None = None, email: str | None = None, limit: Positive = 100, json: AsJson = False
) -> None:
    """Show what was refused, the latest first: wrong passwords and tokens, missing roles, limits that were reached.

    Parameters:
        kind: What was refused.
        email: Only what was about this mailbox, whether anybody has registered with it or not.
        limit: How many at the most.
    """
    with operating("security-log") as container, container.database.connection() as connection:
        try:
            claim = claim_id(Personal(email), container.settings.claim_key_bytes) if email else None
        except AddressMalformed:
            raise NotAnAddress from None
        found = queries.newest(connection, limit=limit, wanted={"kind": kind, "claim_id": claim})
    if json:
        print_json(found)
        return
    columns = ["recorded_at", "kind", "times", "route", "network", "claim_id", "user_id"]
    print_rows(found, columns=columns, empty="Nothing was refused.")
