"""What can be asked of a sandbox: each task with its limits and the type of its result."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from application.photos import PhotoFacts, TakenIn
from domain.brief import Label

R = TypeVar("R")

MEMORY = 1280 * 1024 * 1024
"""Bytes of address space that a photo may take; 60 megapixels of 16 bits and alpha, interlaced, take 1 GB."""


@dataclass(frozen=True)
class Task(Generic[R]):
    name: str
    result: type[R]
    seconds: int
    """Of a processor. The slowest photo that can be taken needs a quarter of it here."""
    patience: float
    """Seconds to wait for a processor that has nothing better to do."""


@dataclass(frozen=True)
class Staged:
    picture: bytes
    version: str


@dataclass(frozen=True)
class Prepared:
    """A photo as a provider's model gets it."""

    picture: bytes
    """An upright sRGB JPEG without metadata; where the model knows no such shape, with mirrored margins."""
    shape: str
    """Width to height, as the models name it: `3:2`."""


@dataclass(frozen=True)
class Finished:
    """What a model sent, in the photo's frame and never larger than it, and what can be said about it."""

    picture: bytes
    media_type: str
    misshapen: float
    """How far its shape was from the one asked for, as a natural logarithm."""
    contrast: float
    """These three as comparing.Likeness has them."""
    change: float
    structure: float


INSPECT = Task("inspect", PhotoFacts, seconds=20, patience=30)
STRIP = Task("strip", bytes, seconds=10, patience=30)
TAKE_IN = Task("take_in", TakenIn, seconds=30, patience=30)
PREVIEW = Task("preview", bytes, seconds=20, patience=30)
"""Its argument is the longest side in pixels."""
LABEL = {label: Task(f"label: {label}", bytes, seconds=40, patience=60) for label in Label}
"""Their argument is the same."""
ENHANCE = Task("enhance", Staged, seconds=90, patience=600)
PREPARE = Task("prepare", Prepared, seconds=30, patience=600)
"""For a provider; its argument is the longest side in pixels."""
FINISH = Task("finish", Finished, seconds=60, patience=600)
"""Of the photo with what a provider sent right behind it; its argument is where that begins."""
