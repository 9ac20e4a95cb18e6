"""Every event that can be in the log, with its fields: what `docs/event-catalogue.json` is made from."""

import dataclasses
import json
import sys
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from domain.aggregate import Aggregate
from domain.credit_ledger import CreditLedger
from domain.email_claim import EmailClaim
from domain.lineage import Lineage
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.purchase import Purchase
from domain.reconciliation import Reconciliation
from domain.stripe_event import StripeEvent
from domain.user import User

AGGREGATES: tuple[type[Aggregate], ...] = (
    CreditLedger,
    EmailClaim,
    Lineage,
    PhotoJob,
    Purchase,
    Reconciliation,
    StripeEvent,
    User,
)
"""All of them: importing this module is what lets a fresh process read any event."""

_ENVELOPE = {field.name for field in dataclasses.fields(cast(Any, Aggregate.Created))}
"""What every event has; it is stored beside the event's own fields, or follows from it."""
_WORDS: dict[Any, str] = {
    bool: "yes or no",
    int: "whole number",
    str: "text",
    datetime: "time",
    UUID: "UUID",
    Personal: "personal text",
    types.NoneType: "nothing",
}


class UnknownFieldType(TypeError):
    """A field has a type that has no words here yet, and that the event store may not know how to keep."""


def catalogue() -> dict[str, Any]:
    """All events of AGGREGATES, as `described` tells them."""
    aggregates = {aggregate.__name__ for aggregate in AGGREGATES}
    return described(
        {name: event for name, event in Aggregate.events.items() if name.partition(".")[0] in aggregates}
    )


def described(events: Mapping[str, type[Any]]) -> dict[str, Any]:
    """The events by their stored names, and the parts that their fields are made of, by theirs.

    Each event has its `version` and its `fields` in the order in which they are stored. A field has a `type`
    in words, `personal` if it holds what is sealed with the owner's key, and `default` if older events have
    to do without it. Raises UnknownFieldType.
    """
    parts: dict[str, Any] = {}
    told = {
        name: {"version": getattr(event, "class_version", 1), "fields": _fields(event, parts)}
        for name, event in sorted(events.items())
    }
    return {"events": told, "parts": dict(sorted(parts.items()))}


def _fields(owner: type[Any], parts: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(owner)
    own = [field for field in dataclasses.fields(owner) if field.name not in _ENVELOPE]
    return {field.name: _field(field, hints[field.name], parts) for field in own}


def _field(field: "dataclasses.Field[Any]", hint: Any, parts: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"type": _in_words(hint, parts)}
    if _is_personal(hint):
        told["personal"] = True
    if field.default is not dataclasses.MISSING:
        told["default"] = field.default
    return told


def _in_words(hint: Any, parts: dict[str, Any]) -> str:
    if hint in _WORDS:
        return _WORDS[hint]
    if dataclasses.is_dataclass(hint):
        name = cast(type[Any], hint).__name__
        parts[name] = {"fields": _fields(cast(type[Any], hint), parts)}
        return name
    of = [_in_words(argument, parts) for argument in typing.get_args(hint)]
    match typing.get_origin(hint):
        case types.UnionType:
            return " or ".join(of)
        case origin if origin is list:
            return f"list of {of[0]}"
        case origin if origin is dict:
            return f"{of[1]} by {of[0]}"
    raise UnknownFieldType(hint)


def _is_personal(hint: Any) -> bool:
    if dataclasses.is_dataclass(hint):
        return any(map(_is_personal, typing.get_type_hints(hint).values()))
    return hint is Personal or any(map(_is_personal, typing.get_args(hint)))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(catalogue(), indent=2, ensure_ascii=False) + "\n")
