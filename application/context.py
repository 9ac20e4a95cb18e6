"""Who is acting, because of what: the context that every recorded event carries in its metadata."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Context:
    """One act: a request, a reaction or an operator's command."""

    actor: str
    """Who does it: `user:<id>`, `anonymous`, `link` (whoever has one), `reaction:<kind>` or `operator:<name>`."""
    cause: str
    """What it follows from: `request:<id>`, `event:<position>` or `command:<name>`, or whose doing it is on
    behalf of the actor: `api_key:<id>`. The request's id is then its correlation."""
    correlation: str
    """The id that follows one request through events, reactions and calls to other systems."""
    position: int | None = None
    """The position of the last event recorded in this act, once there is one."""


_NOBODY = Context(actor="unknown", cause="unknown", correlation="unknown")
_current: ContextVar[Context] = ContextVar("context", default=_NOBODY)


def current() -> Context:
    """The act that is going on, or one that says `unknown` outside of any."""
    return _current.get()


@contextmanager
def acting(context: Context) -> Iterator[Context]:
    """Everything recorded inside is this act's doing."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
