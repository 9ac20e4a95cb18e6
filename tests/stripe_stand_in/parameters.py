"""Checks requests as they came over the wire against the SDK's own typed parameters, which Stripe generates."""

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin
from urllib.parse import parse_qsl

import typing_extensions
from stripe import RequestOptions

Tree = dict[str, Any]
"""Parameters as Stripe nests them; every leaf is a text."""


def nested(encoded: str) -> Tree:
    """`a[b][0][c]=x` and the like, as they are in a form's body or a query."""
    tree: Tree = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        first, *rest = name.replace("]", "").split("[")
        at = tree
        path = [first, *rest]
        for part in path[:-1]:
            at = at.setdefault(part, {})
        at[path[-1] or str(len(at))] = value
    return tree


def wrong(tree: Mapping[str, Any], shape: Any) -> list[str]:
    """What of these parameters the SDK's types do not know, or know otherwise, each by its path."""
    return list(_object(tree, shape, ""))


def _object(tree: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(tree, Mapping):
        yield f"{path} is not an object"
        return
    known = {
        name: hint
        for name, hint in shape.__annotations__.items()
        if name not in RequestOptions.__annotations__
    }
    for name in tree.keys() - known.keys():
        yield f"{path}{name} is unknown"
    for name in shape.__required_keys__ - tree.keys() - RequestOptions.__annotations__.keys():
        yield f"{path}{name} is missing"
    module = vars(sys.modules[shape.__module__])
    for name in tree.keys() & known.keys():
        yield from _value(tree[name], known[name], module, f"{path}{name}")


def _value(told: Any, hint: Any, module: Mapping[str, Any], path: str) -> Iterator[str]:
    hint = _resolved(hint, module)
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        yield from _one_of(told, [_resolved(one, module) for one in get_args(hint)], module, path)
    elif origin is Literal:
        if told not in get_args(hint):
            yield f"{path} is {told!r}, none of {get_args(hint)}"
    elif origin in (list, dict):
        yield from _many(told, origin, get_args(hint), module, path)
    elif typing_extensions.is_typeddict(hint):
        yield from _object(told, hint, f"{path}.")
    elif not _plain(told, hint):
        yield f"{path} is {told!r}, not {hint}"


def _many(
    told: Any, kind: Any, elements: tuple[Any, ...], module: Mapping[str, Any], path: str
) -> Iterator[str]:
    """Lists come as objects with the elements' numbers as names."""
    if not isinstance(told, Mapping) or (kind is list and not all(name.isdecimal() for name in told)):
        yield f"{path} is not a {kind.__name__}"
        return
    for name, element in told.items():
        yield from _value(element, elements[-1], module, f"{path}[{name}]")


def _one_of(told: Any, choices: list[Any], module: Mapping[str, Any], path: str) -> Iterator[str]:
    """The SDK leaves every enumeration open for values to come; of those, only today's are taken."""
    if any(get_origin(one) is Literal for one in choices):
        choices = [one for one in choices if one is not str]
    found = [list(_value(told, one, module, path)) for one in choices]
    if all(found):
        yield from min(found, key=len)


def _resolved(hint: Any, module: Mapping[str, Any]) -> Any:
    if isinstance(hint, ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        hint = eval(hint, dict(module))  # noqa: S307 - the SDK's own annotations
    if get_origin(hint) in (typing_extensions.NotRequired, typing_extensions.Required):
        return _resolved(get_args(hint)[0], module)
    return hint


def _plain(told: Any, hint: Any) -> bool:
    if not isinstance(told, str):
        return False
    if hint is bool:
        return told in ("true", "false")
    if hint is int:
        return told.lstrip("-").isdecimal()
    if hint in (Decimal, float):
        try:
            Decimal(told)
        except InvalidOperation:
            return False
        return True
    return hint is str
