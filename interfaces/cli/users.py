"""`stage users`: who may do more than use the product, and erasing those who ask for it by other ways."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from application.context import Context, acting
from application.errors import NotFound
from domain.credit_ledger import CreditLedger
from domain.email_claim import AddressMalformed
from domain.personal import Personal
from domain.user import Role, User
from infrastructure.wiring import Container
from interfaces.cli.errors import CommandFailed
from interfaces.cli.operating import operating, operator
from interfaces.cli.output import AsJson, print_json

Who = Annotated[str, Parameter(help="The address, or the user's id.")]

app = App(
    name="users",
    help="Look at users, appoint auditors, operators and administrators, and erase who asks for it.",
)


class NobodyThere(CommandFailed):
    def __init__(self, who: str) -> None:
        super().__init__(f"nobody has registered with {who}")


class NotForEver(CommandFailed):
    def __init__(self, who: str) -> None:
        super().__init__(f"nobody can undo it: to erase {who}, say --for-ever")


@app.command
def grant(email: str, role: Role, *, json: AsJson = False) -> None:
    """Give a role to whoever has registered with this address; it holds from their next request on."""
    _appoint(email, role, dismissed=False, json=json)


@app.command
def revoke(email: str, role: Role, *, json: AsJson = False) -> None:
    """Take a role away from whoever has registered with this address."""
    _appoint(email, role, dismissed=True, json=json)


@app.command
def show(who: Who, *, json: AsJson = False) -> None:
    """Show how a user stands, and their credits; who they are stays sealed."""
    with _about(who) as (container, user_id):
        user = container.store.get(User, user_id)
        ledger = container.store.get(CreditLedger, CreditLedger.id_for(user_id))
        places = {
            "available": ledger.available(container.database.now()),
            "held": sum(lot.held for lot in ledger.lots.values()),
            "debt": ledger.debt,
        }
    status = "erased" if user.erased else "suspended" if user.suspended else "active"
    told = {
        "user_id": user_id,
        "status": status,
        "roles": sorted(user.roles),
        "email_verified": user.email_verified,
        "credits": places,
    }
    if json:
        print_json(told)
    else:
        print(f"{user_id}: {status}, {', '.join(sorted(user.roles))}")
        print(", ".join(f"{number} {where}" for where, number in places.items()))


@app.command
def erase(
    who: Who,
    *,
    for_ever: Annotated[bool, Parameter(negative=(), help="Needed: nobody can undo it.")] = False,
    json: AsJson = False,
) -> None:
    """Erase a user, as DELETE /me does; they are not asked for a password.

    Nobody can read afterwards who they were. Unfinished jobs are cancelled, credits that are left are forfeited;
    their pictures, and the customer at the payment provider, go within minutes.
    """
    if not for_ever:
        raise NotForEver(who)
    with _about(who) as (container, user_id):
        erasure = container.standing.erase(user_id)
    if json:
        print_json({"user_id": user_id, **asdict(erasure)})
    else:
        print(
            f"{user_id} is erased: {erasure.jobs_cancelled} jobs cancelled, "
            f"{erasure.credits_forfeited} credits forfeited"
        )


@contextmanager
def _about(who: str) -> Iterator[tuple[Container, UUID]]:
    """The use cases, and whom they are to be about, by address or id. Raises NobodyThere."""
    with operating("users") as container, acting(Context(operator(), "command:users", "users")):
        try:
            yield container, _id(who) or container.accounts.user_at(Personal(who))
        except (AddressMalformed, NotFound):
            raise NobodyThere(who) from None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _appoint(email: str, role: Role, *, dismissed: bool, json: bool) -> None:
    with _about(email) as (container, user_id):
        user = container.accounts.appoint(user_id, role, dismissed=dismissed)
    roles = sorted(user.roles)
    if json:
        print_json({"user_id": user.id, "roles": roles})
    else:
        print(f"{email} ({user.id}): {', '.join(roles)}")
