"""Small photographs for seeded data, made from the samples, and what the stager makes of them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from application.stagers import StagedPicture, Stager
from domain.brief import Brief
from infrastructure.imaging.pictures import preview
from interfaces.cli.errors import CommandFailed

SAMPLES = Path(__file__).parents[3] / "samples"
SIZES = (480, 472, 464, 456)
"""Pixels of the longest side. Each sample becomes a photograph of each size: every one another picture."""


class SamplesMissing(CommandFailed):
    def __str__(self) -> str:
        return f"the photographs to seed with are made from those in {SAMPLES}, and there are none"


@dataclass(frozen=True)
class Room:
    name: str
    photo: bytes


class Rooms:
    """A few photographs, made when they are first asked for; each is staged once, however many jobs have it."""

    def __init__(self, stager: Stager) -> None:
        self._stager = stager
        self._staged: dict[bytes, StagedPicture] = {}

    def __getitem__(self, number: int) -> Room:
        """Two different numbers may be the same room, but hardly of the same job."""
        return self._rooms[number % len(self._rooms)]

    def staged(self, room: Room, brief: Brief) -> StagedPicture:
        if room.photo not in self._staged:
            self._staged[room.photo] = self._stager.stage(room.photo, brief)
        return self._staged[room.photo]

    @cached_property
    def _rooms(self) -> list[Room]:
        samples = sorted(SAMPLES.glob("*.jpg"))
        if not samples:
            raise SamplesMissing
        return [Room(sample.name, preview(sample.read_bytes(), size)) for size in SIZES for sample in samples]
