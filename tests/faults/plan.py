"""Which fault happens when: drawn from a seed, so that the same seed is the same plan."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

TEN_MINUTES = 600
_PAUSE = (1.0, 8.0)
"""Seconds from one fault to the next, between these."""
_REST = 5.0
"""Seconds that a part is left alone after it was mended."""


class Wrong(StrEnum):
    """What can go wrong with a part."""

    KILLED = "killed"
    FROZEN = "frozen"
    AHEAD = "restarted ten minutes ahead"
    BEHIND = "restarted ten minutes behind"
    STOPPED = "stopped"
    FLUSHED = "flushed"
    FULL = "full"


@dataclass(frozen=True)
class Fault:
    at: float
    """Seconds from the beginning."""
    part: str
    wrong: Wrong
    lasts: float
    """Seconds until it is mended."""

    def __str__(self) -> str:
        return f"{self.part} is {self.wrong} for {self.lasts:.1f} s"


@dataclass(frozen=True)
class _Choice:
    parts: Sequence[str]
    wrong: Wrong
    weight: int
    longest: float
    """Seconds."""


def plan(
    seed: int, seconds: float, *, workers: Sequence[str], followers: Sequence[str], apis: Sequence[str]
) -> list[Fault]:
    """The faults in the order in which they happen. A part has one at a time, and all are mended in time."""
    chance = random.Random(seed)
    choices = [
        _Choice(workers, Wrong.KILLED, 6, 10),
        _Choice(workers, Wrong.FROZEN, 3, 25),
        _Choice(followers, Wrong.KILLED, 3, 10),
        _Choice(followers, Wrong.FROZEN, 1, 8),
        _Choice(apis, Wrong.KILLED, 3, 3),
        _Choice(apis, Wrong.FROZEN, 1, 8),
        _Choice([*workers, *followers, *apis], Wrong.AHEAD, 2, 30),
        _Choice([*workers, *followers, *apis], Wrong.BEHIND, 2, 30),
        _Choice(["valkey"], Wrong.FLUSHED, 2, 0),
        _Choice(["valkey"], Wrong.STOPPED, 2, 30),
        _Choice(["valkey"], Wrong.KILLED, 2, 1),
        _Choice(["valkey"], Wrong.FROZEN, 1, 15),
        _Choice(["postgres"], Wrong.STOPPED, 2, 15),
        _Choice(["postgres"], Wrong.KILLED, 2, 5),
        _Choice(["postgres"], Wrong.FROZEN, 1, 25),
        _Choice(["disk"], Wrong.FULL, 2, 20),
    ]
    return list(_drawn(chance, choices, seconds))


def _drawn(chance: random.Random, choices: list[_Choice], seconds: float) -> Iterator[Fault]:
    whole_from: dict[str, float] = {}
    at = 0.0
    while True:
        at += chance.uniform(*_PAUSE)
        (choice,) = chance.choices(choices, [choice.weight for choice in choices])
        part, lasts = chance.choice(choice.parts), chance.uniform(0, choice.longest)
        if at >= seconds:
            return
        if whole_from.get(part, 0) <= at and at + lasts <= seconds:
            whole_from[part] = at + lasts + _REST
            yield Fault(at, part, choice.wrong, lasts)
