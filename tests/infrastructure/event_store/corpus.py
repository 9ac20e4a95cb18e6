"""Every stored version of every event, as it once was written.

`python -m tests.infrastructure.event_store.corpus` adds what is missing and leaves all other lines alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid5

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES
from domain.personal import Personal

FILE = Path(__file__).parent / "corpus.jsonl"
_NAMESPACE = UUID("5eed0000-0000-4000-8000-000000000000")
_WORDS = {
    "preset": "enhance",
    "room_type": "bedroom",
    "style": "modern",
    "kinds": "originals",
    "reason": "deleted",
}
"""What texts can be, by their fields' names, where not any text will do."""
_ENVELOPE = {"originator_id", "originator_version", "originator_topic", "timestamp"}


@dataclass(frozen=True)
class Stored:
    topic: str
    version: int
    state: bytes


def stored() -> Iterator[Stored]:
    for line in FILE.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        yield Stored(entry["topic"], entry["version"], json.dumps(entry["state"]).encode())


def missing() -> list[tuple[str, int]]:
    """Events of today's catalogue that no line shows in today's version."""
    shown = {(one.topic, one.version) for one in stored()} if FILE.exists() else set()
    return sorted(
        (name, version)
        for aggregate in AGGREGATES
        for name, event_class in Aggregate.events.items()
        if name.startswith(f"{aggregate.__name__}.")
        and (name, version := getattr(event_class, "class_version", 1)) not in shown
    )


def _example(name: str, hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        return _example(name, next(one for one in get_args(hint) if one is not type(None)))
    if get_origin(hint) is list:
        return [_example(name, get_args(hint)[0])]
    if get_origin(hint) is dict:
        return {_example(name, get_args(hint)[0]): _example(name, get_args(hint)[1])}
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return {field.name: _example(field.name, hints[field.name]) for field in fields(hint)}
    examples = {
        UUID: str(uuid5(_NAMESPACE, name)),
        Personal: f"sealed:1:{_NAMESPACE.hex}:c2VhbGVkIGxvbmcgYWdv",
        bool: True,
        int: 2,
        str: _WORDS.get(name, f"a {name}"),
    }
    return examples.get(hint, "2026-11-22T12:00:00Z")


def main() -> None:
    with FILE.open("a", encoding="utf-8") as corpus:
        for topic, version in missing():
            event_class: Any = Aggregate.events[topic]
            hints = get_type_hints(event_class)
            state = {
                field.name: _example(field.name, hints[field.name])
                for field in fields(event_class)
                if field.name not in _ENVELOPE
            }
            corpus.write(json.dumps({"topic": topic, "version": version, "state": state}) + "\n")


if __name__ == "__main__":
    main()
