"""Between the values of a row and those of a table's columns: personal texts stay sealed on both ways."""

from collections.abc import Callable
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from domain.personal import Personal
from infrastructure.event_store.keyring import Sealed, is_sealed

Conversion = Callable[[Any], Any]


class ClearText(TypeError):
    """A personal text that is not sealed was about to be written into a read model."""


class Unopened(Personal):
    """A personal text in a stored row. A fold carries it along and has no key to open it."""

    __slots__ = ("token",)

    def __init__(self, token: str) -> None:
        self.token = token

    @property
    def text(self) -> str:
        raise PermissionError("a projection has no keys")


class Columns:
    """The columns of one row class, a NamedTuple."""

    def __init__(self, row: type[Any]) -> None:
        hints = get_type_hints(row)
        self._row = row
        self._to_store = _conversions([_to_store(hints[name]) for name in row._fields])
        self._to_row = _conversions([_to_row(hints[name]) for name in row._fields])

    def stored(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The row as it is written. Raises ClearText."""
        return _converted(row, self._to_store)

    def row(self, stored: tuple[Any, ...]) -> Any:
        """The row as it was written."""
        return self._row._make(_converted(stored, self._to_row))


def _converted(values: tuple[Any, ...], conversions: list[tuple[int, Conversion]]) -> tuple[Any, ...]:
    if not conversions:
        return values
    converted = list(values)
    for index, convert in conversions:
        if converted[index] is not None:
            converted[index] = convert(converted[index])
    return tuple(converted)


def _conversions(found: list[Conversion | None]) -> list[tuple[int, Conversion]]:
    """Only the columns that need one."""
    return [(index, convert) for index, convert in enumerate(found) if convert]


def _to_store(hint: Any) -> Conversion | None:
    kind = _kind(hint)
    if kind is Personal:
        return _token
    if get_origin(kind) is tuple:
        return list
    if isinstance(kind, type) and issubclass(kind, Enum) and not issubclass(kind, str):
        return _value  # those that are texts are written as they are
    return None


def _to_row(hint: Any) -> Conversion | None:
    kind = _kind(hint)
    if kind is Personal:
        return Unopened
    if get_origin(kind) is tuple:
        return tuple
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return None


def _kind(hint: Any) -> Any:
    """The type without `| None`."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = [kind for kind in get_args(hint) if kind is not NoneType]
    return hint


def _token(text: Any) -> str:
    token: str = text.token if isinstance(text, Sealed | Unopened) else ""
    if not is_sealed(token):
        raise ClearText
    return token


def _value(member: Enum) -> Any:
    return member.value
