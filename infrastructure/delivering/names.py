"""What delivered files are called: as a person would call them, and safe on every disk."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

STEM_LENGTH = 60
"""Characters kept of a photo's own name."""
STEM_BYTES = 180
"""Of these, in UTF-8: with what is added to them they must fit into the 255 that disks give a name."""

_DONE: Final[Mapping[str, str]] = {
    "enhance": "enhanced",
    "stage": "staged",
    "declutter": "decluttered",
    "day_to_dusk": "dusk",
    "blue_sky": "blue-sky",
    "remove_objects": "cleared",
    "custom": "edited",
}
"""What a preset did, as files are named for it."""

_EXTENSIONS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heif",
}


@dataclass(frozen=True)
class Naming:
    """How the files of one job are named: for its room if the brief names one, else for each photo's own name."""

    preset: str
    room_type: str | None = None

    def result(self, number: int, name: str, media_type: str) -> str:
        """`living-room-1-staged.jpg`: its number keeps it unique, and nothing in it is a path."""
        return f"{self._begin(number, name)}-{_DONE.get(self.preset, self.preset)}.{extension(media_type)}"

    def labelled(self, number: int, name: str) -> str:
        return f"{self._begin(number, name)}-{_DONE.get(self.preset, self.preset)}-labelled.jpg"

    def original(self, number: int, name: str, media_type: str) -> str:
        return f"{self._begin(number, name)}-original.{extension(media_type)}"

    def _begin(self, number: int, name: str) -> str:
        room = self.room_type.replace("_", "-") if self.room_type else stem(name)
        return f"{room}-{number}"


def stem(name: str) -> str:
    """What people call a file, in letters, digits and dashes only."""
    last = unicodedata.normalize("NFKC", re.split(r"[/\\]", name)[-1])
    shown = last.rpartition(".")[0] or last
    kept = re.sub(r"[\W_]+", "-", shown).lower()[:STEM_LENGTH].encode()[:STEM_BYTES].decode(errors="ignore")
    return kept.strip("-") or "photo"


def extension(media_type: str) -> str:
    return _EXTENSIONS.get(media_type, "bin")
