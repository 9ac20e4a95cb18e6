"""What a value is made of, found out by looking at it: so that its bytes can be decoded without its code's help.

An aggregate's attributes are plain values, containers and dataclasses; nothing declares which.
"""

import dataclasses
import json
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from functools import reduce
from operator import or_
from types import GenericAlias, NoneType, UnionType
from typing import Any, get_args, get_origin
from uuid import UUID

from eventsourcing.utils import get_topic, resolve_topic

from domain.personal import Personal

_PLAIN = frozenset({str, int, bool, float, bytes, datetime, UUID})
_CONTAINERS: dict[str, Any] = {"dict": dict, "list": list, "set": set, "frozenset": frozenset, "tuple": tuple}


class NoShape(TypeError):
    """A value of this type cannot be kept."""


def shape_of(value: Any) -> Any:
    """A type as msgspec decodes it. Raises NoShape."""
    kind = type(value)
    if kind is dict:
        return GenericAlias(dict, (_either(value), _either(value.values())))
    if kind in (list, set, frozenset):
        return GenericAlias(kind, (_either(value),))
    if kind is tuple:
        return GenericAlias(tuple, (_either(value), ...))
    return _simple(kind)


def written(shape: Any) -> str:
    """The shape as text, for `read`."""
    return json.dumps(_written(shape))


def read(text: str) -> Any:
    return _read(json.loads(text))


def _either(values: Iterable[Any]) -> Any:
    """What any of them is made of. Thousands of equal type are told by one look at each."""
    kinds: set[type] = set()
    containers: list[Any] = []
    for value in values:
        kind = type(value)
        if kind not in _CONTAINERS.values():
            kinds.add(kind)
        elif (shape := shape_of(value)) not in containers:
            containers.append(shape)
    return _or([*dict.fromkeys(map(_simple, kinds)), *_merged(containers)])


def _merged(shapes: list[Any]) -> list[Any]:
    """At most one of each kind of container: dict[A, B] and dict[A, C] are dict[A, B | C]."""
    merged: dict[Any, list[Any]] = {}
    for shape in shapes:
        merged.setdefault(get_origin(shape), []).append([one for one in get_args(shape) if one is not ...])
    together = []
    for origin, arguments in merged.items():
        sides = [_or(list(dict.fromkeys(side))) for side in zip(*arguments, strict=True)]
        together.append(GenericAlias(origin, (*sides, ...) if origin is tuple else tuple(sides)))
    return together


def _or(shapes: list[Any]) -> Any:
    """Any of them; whatever one likes of an empty container."""
    known = [one for one in shapes if one is not Any]
    return reduce(or_, known) if known else Any


def _simple(kind: type) -> Any:
    if kind is NoneType:
        return None
    if issubclass(kind, Personal):
        return Personal
    if kind in _PLAIN or issubclass(kind, Enum) or dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        return kind
    raise NoShape(f"{kind.__name__} has no shape that could be kept")


def _written(shape: Any) -> Any:
    if shape is None or shape is NoneType:
        return None
    if shape is Any:
        return "any"
    origin = get_origin(shape)
    if origin is None:
        return get_topic(shape)
    arguments = [_written(one) for one in get_args(shape) if one is not ...]
    return ["or", *arguments] if origin is UnionType else [origin.__name__, *arguments]


def _read(notation: Any) -> Any:
    if notation is None:
        return None
    if notation == "any":
        return Any
    if isinstance(notation, str):
        return resolve_topic(notation)
    name, *arguments = notation
    read = [_read(one) for one in arguments]
    if name == "or":
        return reduce(or_, read)
    return GenericAlias(_CONTAINERS[name], (*read, ...) if name == "tuple" else tuple(read))
