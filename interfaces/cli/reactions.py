"""`stage reactions`: what must still happen because of events, and what was given up."""

from typing import Literal
from uuid import UUID

from cyclopts import App
from msgspec import to_builtins

from infrastructure.reactions import overview
from infrastructure.reactions.queue import ReactionQueue
from infrastructure.wiring import Container
from interfaces.cli.errors import CommandFailed
from interfaces.cli.operating import operating, operator
from interfaces.cli.output import AsJson, Positive, print_json, print_rows

app = App(name="reactions", help="What must happen because of events: list, show, retry or drop what died.")


class NoSuchReaction(CommandFailed):
    def __init__(self, reaction_id: UUID) -> None:
        super().__init__(reaction_id)
        self.reaction_id = reaction_id

    def __str__(self) -> str:
        return f"there is no reaction {self.reaction_id}"


class NotDead(CommandFailed):
    def __init__(self, reaction_id: UUID, state: str) -> None:
        super().__init__(reaction_id, state)
        self.reaction_id, self.state = reaction_id, state

    def __str__(self) -> str:
        return f"reaction {self.reaction_id} is {self.state}: only dead ones can be retried or dropped"


class NoSuchKind(CommandFailed):
    def __init__(self, kind: str, kinds: list[str]) -> None:
        known = f"only {', '.join(kinds)}" if kinds else "nor of any other"
        super().__init__(f"there are no reactions of kind {kind!r}, {known}")


State = Literal["due", "running", "done", "dead", "dropped"]


@app.command(name="list")
def list_(
    *, state: State | None = None, kind: str | None = None, limit: Positive = 100, json: AsJson = False
) -> None:
    """Show reactions, the latest first.

    Parameters:
        state: All but those done, if not given.
        kind: Such as stage_photo.
        limit: How many at the most.
    """
    with operating("reactions") as container, container.database.connection() as connection:
        kinds = overview.kinds(connection)
        if kind is not None and kind not in kinds:
            raise NoSuchKind(kind, kinds)
        found = overview.listed(connection, state=state, kind=kind, limit=limit)
    if json:
        print_json(found)
        return
    columns = ["reaction_id", "kind", "state", "attempts", "due_at", "last_error"]
    print_rows(found, columns=columns, empty="There are none.")


@app.command
def show(reaction_id: UUID, *, json: AsJson = False) -> None:
    """Show all that is known of one."""
    with operating("reactions") as container:
        found = _shown(container, reaction_id)
    if json:
        print_json(found)
        return
    for name, value in to_builtins(found).items():
        print(f"{name:16} {'' if value is None else value}")


@app.command
def retry(reaction_id: UUID, *, json: AsJson = False) -> None:
    """Begin a dead one again, with all its attempts. What the outside world answered is kept."""
    with operating("reactions") as container:
        if not ReactionQueue(container.database).retry(reaction_id):
            raise NotDead(reaction_id, _shown(container, reaction_id).state)
    _done(reaction_id, "due", as_json=json)


@app.command
def drop(reaction_id: UUID, *, reason: str, json: AsJson = False) -> None:
    """Close a dead one for good; who did and why is kept with it.

    Parameters:
        reason: Why nobody will retry it.
    """
    if not reason.strip():
        raise CommandFailed("say why: --reason must not be empty")
    with operating("reactions") as container:
        queue = ReactionQueue(container.database)
        if not queue.drop(reaction_id, actor=operator(), reason=reason.strip()):
            raise NotDead(reaction_id, _shown(container, reaction_id).state)
    _done(reaction_id, "dropped", as_json=json)


def _shown(container: Container, reaction_id: UUID) -> overview.Shown:
    with container.database.connection() as connection:
        found = overview.shown(connection, reaction_id)
    if found is None:
        raise NoSuchReaction(reaction_id)
    return found


def _done(reaction_id: UUID, state: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"reaction_id": reaction_id, "state": state})
    else:
        print(f"{reaction_id} is {state}")
