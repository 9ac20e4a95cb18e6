"""What comes of asking for something twice: the same changes nothing, anything else is a conflict."""

DONE, REPEATED, CONFLICT, TOO_FEW, UNKNOWN, NO_AMOUNT = (
    "done",
    "repeated",
    "conflict",
    "too few",
    "unknown",
    "no amount",
)
"""What can come of a command."""


class Asked:
    """What was asked so far under each id: the same again changes nothing, anything else is a conflict."""

    def __init__(self) -> None:
        self.said: dict[object, object] = {}

    def outcome(
        self, key: object, content: object, *, first: str | None = None, last: str | None = None
    ) -> str:
        """`first` and `last` are refusals, before and after it is looked up whether it was asked before."""
        if first:
            return first
        if key in self.said:
            return REPEATED if self.said[key] == content else CONFLICT
        if last:
            return last
        self.said[key] = content
        return DONE
