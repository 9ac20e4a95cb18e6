"""`stage users`: who may do more than use the product."""

from cyclopts import App

from application.context import Context, acting
from application.errors import NotFound
from domain.email_claim import AddressMalformed
from domain.personal import Personal
from domain.user import Role
from interfaces.cli.errors import CommandFailed
from interfaces.cli.operating import operating, operator
from interfaces.cli.output import AsJson, print_json

app = App(name="users", help="Appoint auditors, operators and administrators.")


class NobodyThere(CommandFailed):
    def __init__(self, email: str) -> None:
        super().__init__(f"nobody has registered with {email}")


@app.command
def grant(email: str, role: Role, *, json: AsJson = False) -> None:
    """Give a role to whoever has registered with this address; it holds from their next request on."""
    _appoint(email, role, dismissed=False, json=json)


@app.command
def revoke(email: str, role: Role, *, json: AsJson = False) -> None:
    """Take a role away from whoever has registered with this address."""
    _appoint(email, role, dismissed=True, json=json)


def _appoint(email: str, role: Role, *, dismissed: bool, json: bool) -> None:
    with operating("users") as container, acting(Context(operator(), "command:users", "users")):
        try:
            user = container.accounts.appoint(
                container.accounts.user_at(Personal(email)), role, dismissed=dismissed
            )
        except (AddressMalformed, NotFound):
            raise NobodyThere(email) from None
    roles = sorted(user.roles)
    if json:
        print_json({"user_id": user.id, "roles": roles})
    else:
        print(f"{email} ({user.id}): {', '.join(roles)}")
