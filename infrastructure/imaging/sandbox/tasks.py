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


INSPECT = Task("inspect", PhotoFacts, seconds=20, patience=30)
STRIP = Task("strip", bytes, seconds=10, patience=30)
TAKE_IN = Task("take_in", TakenIn, seconds=30, patience=30)
PREVIEW = Task("preview", bytes, seconds=20, patience=30)
"""Its argument is the longest side in pixels."""
LABEL = {label: Task(f"label: {label}", bytes, seconds=40, patience=60) for label in Label}
"""Their argument is the same."""
ENHANCE = Task("enhance", Staged, seconds=90, patience=600)
