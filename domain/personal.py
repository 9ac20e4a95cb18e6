"""Personal data in events and commands: text that never shows itself by accident and can be forgotten."""


class Personal:
    """A piece of personal data, such as a name, an address or a prompt.

    Its text is reached only by asking for `text`; printing, formatting and logging show a mask. The
    event store seals it with its owner's key (see docs/architecture.md), and a subclass there opens it on
    demand, or shows `ERASED` once the key is destroyed.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def text(self) -> str:
        """The text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return "Personal(***)"

    __str__ = __repr__


ERASED = "[erased]"
"""What stands in place of a text whose key was destroyed."""
