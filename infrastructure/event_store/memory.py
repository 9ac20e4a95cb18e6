"""Aggregates that this process has loaded before: the next load begins there, not at a snapshot.

What is remembered is nobody's to change: it is copied on its way in and out.
"""

import dataclasses
import threading
from collections import OrderedDict
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.personal import Personal

REMEMBERED = 1000
"""Aggregates; those loaded longest ago are forgotten first."""

_PLAIN = (str, int, bool, float, bytes, datetime, UUID, NoneType, Enum, Personal)


class Remembered(NamedTuple):
    version: int
    kept: int
    """The version of its newest snapshot, 0 if there is none."""
    state: dict[str, Any]


class Memory:
    """Used by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._remembered: OrderedDict[tuple[type, UUID], Remembered] = OrderedDict()

    def recall(self, kind: type, aggregate_id: UUID) -> Remembered | None:
        """A copy of what was remembered last."""
        with self._lock:
            if (found := self._remembered.get((kind, aggregate_id))) is None:
                return None
            self._remembered.move_to_end((kind, aggregate_id))
        return found._replace(state=copied(found.state))

    def remember(self, kind: type, aggregate_id: UUID, remembered: Remembered) -> None:
        """Unless a later version is remembered already. The state must be a copy."""
        with self._lock:
            known = self._remembered.get((kind, aggregate_id))
            if known is None or known.version <= remembered.version:
                self._remembered[kind, aggregate_id] = remembered
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)


def copied(value: Any) -> Any:
    """A copy that shares with the value only what nobody can change: thousands of those take one look each."""
    kind: Any = type(value)
    if kind is dict:
        return (
            value.copy() if _all_fixed(value.values()) else {key: copied(one) for key, one in value.items()}
        )
    if kind in (list, set, tuple, frozenset):
        return kind(value) if _all_fixed(value) else kind(map(copied, value))
    if is_fixed(kind):
        return value
    if isinstance(value, tuple):  # a named one
        return kind(*map(copied, value))
    copy = object.__new__(kind)
    for name, one in _attributes(value):
        object.__setattr__(copy, name, copied(one))
    return copy


def _all_fixed(values: Any) -> bool:
    return all(map(is_fixed, set(map(type, values))))


def _attributes(value: Any) -> list[tuple[str, Any]]:
    if hasattr(value, "__dict__"):
        return list(vars(value).items())
    return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]


@cache
def is_fixed(kind: Any) -> bool:
    """Whether nobody can change a value of this type: a plain one, or a frozen dataclass of such."""
    if get_origin(kind) is UnionType:
        return all(map(is_fixed, get_args(kind)))
    if not isinstance(kind, type):
        return False
    if issubclass(kind, _PLAIN):
        return True
    frozen = dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    return frozen and all(is_fixed(hint) for hint in get_type_hints(kind).values())
