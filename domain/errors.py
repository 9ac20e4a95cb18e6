"""Errors that belong to no single aggregate; each carries values, and interfaces choose the words."""

from uuid import UUID


class DomainError(Exception):
    """A rule was broken. Subclasses are named for what is wrong and carry the values that tell why."""


class Conflict(DomainError):
    """A command was repeated under the same key with other content."""

    def __init__(self, key: UUID | str) -> None:
        super().__init__(key)
        self.key = key
