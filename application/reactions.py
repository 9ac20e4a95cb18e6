"""What must happen because of an event: rules, as data, and what it takes to perform what they ask for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from application.recorded import Recorded, Unreadable

Answer = Mapping[str, Any]
"""What the outside world answered, in JSON's types: kept in the reaction's row before it is recorded."""

References = Mapping[str, str]
"""Ids of what a reaction is about, by what they identify; never personal data."""


@dataclass(frozen=True)
class Reaction:
    """One thing to do."""

    kind: str
    item: str
    """Tells the reactions of one kind to one event apart: a photo's id, say."""
    references: References
    delay: timedelta = timedelta(0)
    """How long after the event it is due."""


@dataclass(frozen=True)
class Rule:
    """To which events a kind of reaction answers. It starts at the position where it was deployed."""

    kind: str
    events: frozenset[str]
    react: Callable[[Recorded], Iterable[Reaction]]


def follow(rules: Iterable[Rule], recorded: Recorded) -> Iterator[tuple[UUID, Reaction]]:
    """What the rules ask for because of this event.

    The id of each follows from the event, the kind and the item: however often it is asked for, it is one.
    Raises what kept the event from being read.
    """
    for rule in rules:
        if recorded.name in rule.events:
            if isinstance(recorded.event, Unreadable):
                raise recorded.event.error
            for reaction in rule.react(recorded):
                name = f"{recorded.version}/{reaction.kind}/{reaction.item}"
                yield uuid5(recorded.stream_id, name), reaction


class AnswerSpent(Exception):
    """The outside world's answer leads nowhere: this attempt has failed, and the next one must ask anew."""


@dataclass(frozen=True)
class Performer:
    """How a kind of reaction is performed. Every attempt is counted before it begins.

    `call` talks to the outside world, outside any transaction, and its answer is made durable; `record` then
    tells the answer to a use case. Either may happen again after a crash: `call` with the same reaction's id,
    by which the outside world can tell a repetition, and `record` with the same answer. `give_up` is called,
    likewise at least once, when no attempt is left.
    """

    kind: str
    call: Callable[[UUID, References], Answer]
    record: Callable[[References, Answer], None]
    give_up: Callable[[References], None]
    attempts: int
    """How often `call` is tried at the most; recording its answer is tried as often again."""
    pauses: Sequence[timedelta] = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30))
    """Between attempts; the last one repeats."""
    longest: timedelta = timedelta(minutes=10)
    """How long one attempt may take; one that hangs longer loses its lease, and the next begins."""
    rank: int = 0
    """When threads are short, lower ranks are likelier to go first; none waits for ever."""

    def pause_after(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts, of which there was one at least."""
        return self.pauses[min(attempts, len(self.pauses)) - 1]
