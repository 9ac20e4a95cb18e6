"""Saying what failed without repeating what it said: an error's text may hold personal data."""

from traceback import walk_tb

OURS = ("domain", "application", "infrastructure", "interfaces")


def described(error: BaseException) -> str:
    """Its class, and where in our code it arose: `builtins.ValueError in application.jobs:45`."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    places = [(str(frame.f_globals.get("__name__")), line) for frame, line in walk_tb(error.__traceback__)]
    ours = [place for place in places if place[0].partition(".")[0] in OURS]
    if not (found := ours or places):
        return kind
    module, line = found[-1]
    return f"{kind} in {module}:{line}"
